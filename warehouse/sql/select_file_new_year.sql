-- The years of NLM's series that a call has read for the first time, after files of an earlier one. Assumes table call_run.
SELECT nlm_year
FROM state.file
WHERE nlm_year IS NOT NULL
GROUP BY nlm_year
HAVING min(run_id) IN (FROM call_run) AND nlm_year > (SELECT min(nlm_year) FROM state.file)
ORDER BY nlm_year
