-- The last deliveries, by kind of source, with what a run has read: of records the higher version of the PMID; then
-- numbered files by year and number, other files by the record's DateRevised, and all by the time that they speak of.
-- Where that leaves two different records equal, the greater content_sha256 counts: it does not depend on who came first.
-- Assumes delivered, delivery_before and this_run.
CREATE TEMP TABLE delivery_after AS
WITH known AS (
    SELECT pmid, content_sha256, min(record_run_id) AS record_run_id
    FROM delivery_before
    WHERE NOT is_deletion
    GROUP BY pmid, content_sha256
),
every_delivery AS (
    SELECT *, false AS is_incoming FROM delivery_before
    UNION ALL BY NAME
    SELECT delivered.*, coalesce(known.record_run_id, this_run.run_id) AS record_run_id, this_run.run_id, true AS is_incoming
    FROM delivered
    CROSS JOIN this_run
    LEFT JOIN known USING (pmid, content_sha256)
)
FROM every_delivery
QUALIFY row_number() OVER (
    PARTITION BY pmid, delivery_kind, is_deletion
    ORDER BY
        pmid_version DESC NULLS LAST,
        nlm_year DESC NULLS LAST,
        nlm_number DESC NULLS LAST,
        CASE WHEN delivery_kind = 'file' THEN date_revised END DESC NULLS LAST,
        coalesce(as_of, delivered_at) DESC,
        content_sha256 DESC NULLS LAST,
        delivered_at DESC,
        is_incoming
) = 1;
