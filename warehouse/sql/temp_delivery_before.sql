-- The last deliveries, by kind of source, of the PMIDs that a run has read. What was delivered before deliveries were kept
-- is as of the time of its run, and a file's record as of its DateRevised. Assumes staged, and schema state.
CREATE TEMP TABLE delivery_before AS
WITH touched AS (
    SELECT DISTINCT pmid FROM staged
),
kept AS (
    FROM state.delivery SEMI JOIN touched USING (pmid)
)
FROM kept
UNION ALL BY NAME
SELECT
    pmid, source AS delivery_kind, false AS is_deletion, pmid_version, content_sha256, date_revised,
    0 AS chunk_order, 0 AS record_order, source AS record_source, fetched_at AS delivered_at,
    CASE WHEN source = 'file' THEN CAST(date_revised AS TIMESTAMP) ELSE fetched_at END AS as_of,
    run_id AS record_run_id, run_id
FROM state.citation
SEMI JOIN touched USING (pmid)
ANTI JOIN (FROM kept WHERE NOT is_deletion) USING (pmid)
WHERE source <> 'seed'
UNION ALL BY NAME
SELECT
    pmid, CASE WHEN evidence = 'empty_reply' THEN 'efetch' ELSE 'file' END AS delivery_kind, true AS is_deletion,
    0 AS chunk_order, 0 AS record_order, evidence, evidence_source AS record_source, finished_at AS delivered_at,
    run_id AS record_run_id, run_id
FROM state.deleted_citation
SEMI JOIN touched USING (pmid)
JOIN (SELECT run_id, finished_at FROM state.run) AS noted USING (run_id)
ANTI JOIN (FROM kept WHERE is_deletion) USING (pmid);
