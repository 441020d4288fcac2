-- MEMBER: PMIDs that a file brings for the first time. Assumes verdict, this_run and schema state.
SELECT pmid, 'file' AS reason, via, 0::SMALLINT AS depth, run_id AS since_run_id, NULL AS until_run_id, run_id
FROM verdict
JOIN (SELECT pmid, min(record_source) AS via FROM delivered WHERE NOT is_deletion GROUP BY pmid) USING (pmid)
CROSS JOIN this_run
ANTI JOIN (FROM state.member WHERE reason = 'file' AND until_run_id IS NULL) AS known USING (pmid)
WHERE outcome IN ('new', 'revised', 'unchanged', 'older')
ORDER BY pmid
