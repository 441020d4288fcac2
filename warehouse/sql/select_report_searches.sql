-- What each search found, run by run: promised by NCBI, delivered, not found in the run before; of the 60 last days.
SELECT finished_at AS run_at, search_name AS search, promised_count AS promised, delivered_count AS delivered,
    search_run.new_count AS new, coalesce(failure, ignored) AS trouble
FROM search_run JOIN run USING (run_id)
WHERE finished_at > (SELECT max(finished_at) FROM run) - INTERVAL 60 DAY
ORDER BY search, run_at
