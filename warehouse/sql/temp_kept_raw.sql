-- Which of the raw records that a run has read are kept: those that it writes, and the last one of each kind of source,
-- unless the same is kept already. Assumes delivery_after, kept_record and this_run.
CREATE TEMP TABLE kept_raw AS
SELECT pmid, chunk_order
FROM delivery_after
WHERE is_incoming AND NOT is_deletion AND record_run_id = (SELECT run_id FROM this_run)
UNION
FROM kept_record;
