-- The files of NLM's series that a call has read after one of the same year with a higher number. Assumes table call_run.
SELECT late.file_name, arg_max(earlier.file_name, earlier.nlm_number) AS earlier_name
FROM state.file AS late
JOIN state.file AS earlier
    ON earlier.nlm_year = late.nlm_year AND earlier.nlm_number > late.nlm_number AND earlier.run_id < late.run_id
WHERE late.run_id IN (FROM call_run)
GROUP BY late.file_name
ORDER BY late.file_name
