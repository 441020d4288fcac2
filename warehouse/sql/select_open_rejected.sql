-- Rejected records that are still to be read: those of which no later run has the citation (or, without a PMID, the very
-- same bytes among its records), the last rejection of each; what is too large to be kept is
-- not among them. Assumes the views of warehouse/current.py.
WITH rejected AS (
    SELECT *, sha256(record_xml) AS record_sha256
    FROM run_rejected_citation
    QUALIFY row_number() OVER (PARTITION BY coalesce(pmid::VARCHAR, record_sha256) ORDER BY run_id DESC, record_order DESC) = 1
)
SELECT
    record_xml,
    CASE WHEN record_source LIKE 'efetch%' THEN 'efetch' ELSE 'file' END AS source,
    record_source,
    run_run.finished_at AS delivered_at
FROM rejected
JOIN run_run USING (run_id)
WHERE octet_length(record_xml) > 0
    AND NOT EXISTS (
        FROM run_citation AS later
        WHERE later.pmid = rejected.pmid AND later.source <> 'seed' AND later.run_id > rejected.run_id
    )
    AND NOT EXISTS (
        FROM run_raw_citation AS raw
        WHERE rejected.pmid IS NULL AND raw.record_sha256 = rejected.record_sha256 AND raw.run_id > rejected.run_id
    )
ORDER BY run_id, record_order
