-- The raw records that came before $before and are needed no more: a later run has the PMID again, and neither the citation
-- nor the last delivery of any kind of source is made from them. Assumes the views of warehouse/current.py.
WITH needed AS (
    SELECT run_id, pmid, content_sha256 FROM current_citation WHERE source <> 'seed'
    UNION
    SELECT record_run_id, pmid, content_sha256 FROM current_delivery WHERE NOT is_deletion
)
SELECT run_id, pmid, pmid_version
FROM (
    SELECT run_id, pmid, pmid_version, content_sha256
    FROM run_raw_citation
    QUALIFY run_id <> max(run_id) OVER (PARTITION BY pmid) AND fetched_at < $before
)
ANTI JOIN needed USING (run_id, pmid, content_sha256)
