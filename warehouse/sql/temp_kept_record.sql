-- Which of the rows that a run has read are those of the records that hold. Assumes delivered, holding and verdict.
CREATE TEMP TABLE kept_record AS
SELECT pmid, max(chunk_order) AS chunk_order
FROM delivered
JOIN (SELECT pmid, content_sha256 FROM holding) USING (pmid, content_sha256)
SEMI JOIN (FROM verdict WHERE is_written) USING (pmid)
WHERE NOT is_deletion
GROUP BY pmid;
