-- STAGED_DELIVERY: a deletion for each PMID that came with NLM's files of an earlier year, is not withdrawn, and that a whole
-- baseline lacks, as of the baseline's last file: no run that read a file of it met the PMID, be it as a record that
-- could not be read or is older. $nlm_year, $record_source, $delivered_at. Assumes schema state, with these runs.
WITH baseline AS (
    SELECT max(nlm_number) AS nlm_number, max(newest_date) AS newest_date FROM state.file WHERE nlm_year = $nlm_year
)
SELECT
    pmid,
    'nlm_file' AS delivery_kind,
    true AS is_deletion,
    CAST($nlm_year AS SMALLINT) AS nlm_year,
    baseline.nlm_number,
    2147483647 AS chunk_order,
    CAST(row_number() OVER (ORDER BY pmid) AS INTEGER) AS record_order,
    'baseline' AS evidence,
    $record_source AS record_source,
    CAST($delivered_at AS TIMESTAMP) AS delivered_at,
    CAST(baseline.newest_date AS TIMESTAMP) AS last_modified,
    false AS is_superseded
FROM state.delivery
CROSS JOIN baseline
ANTI JOIN state.deleted_citation USING (pmid)
ANTI JOIN (
    SELECT pmid FROM state.request SEMI JOIN (FROM state.file WHERE nlm_year = $nlm_year) USING (run_id)
) AS met USING (pmid)
WHERE delivery_kind = 'nlm_file' AND NOT is_deletion AND delivery.nlm_year < $nlm_year
ORDER BY pmid
