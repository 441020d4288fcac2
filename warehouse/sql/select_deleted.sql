-- DELETED_CITATION: the deletions that began, or that outlast a record which is written. Assumes verdict and holding.
SELECT pmid, evidence, evidence_source, this_run.run_id
FROM verdict
JOIN holding USING (pmid)
CROSS JOIN this_run
WHERE is_withdrawn
ORDER BY pmid
