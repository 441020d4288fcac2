-- The rule of what holds: of the last deliveries of each PMID the one record that holds, null if there is none, and the
-- deletion that withdraws it, null if none does. warehouse/README.md has the rule as a table. Assumes delivery_after.
CREATE TEMP TABLE holding AS
WITH candidate AS (
    -- A record from anywhere beats one of the sample; then the higher version of the PMID.
    FROM delivery_after
    WHERE NOT is_deletion
    QUALIFY rank() OVER (PARTITION BY pmid ORDER BY delivery_kind = 'sample', pmid_version DESC) = 1
),
in_order AS (
    -- A reply is as of its time, a numbered file as of the newest date in it: the later one, the reply on the same instant.
    FROM candidate
    WHERE delivery_kind <> 'file'
    QUALIFY row_number() OVER (PARTITION BY pmid ORDER BY as_of DESC NULLS LAST, delivery_kind = 'nlm_file') = 1
),
from_file AS (
    -- A file without a number takes its place by the record's DateRevised; where that does not tell, by its own date.
    SELECT candidate.*
    FROM candidate
    LEFT JOIN in_order USING (pmid)
    WHERE candidate.delivery_kind = 'file' AND CASE
        WHEN in_order.pmid IS NULL THEN true
        WHEN candidate.date_revised <> in_order.date_revised THEN candidate.date_revised > in_order.date_revised
        ELSE coalesce(candidate.as_of, candidate.delivered_at) > coalesce(in_order.as_of, in_order.delivered_at) END
),
record AS (
    FROM from_file
    UNION ALL BY NAME
    FROM in_order ANTI JOIN from_file USING (pmid)
),
deletion AS (
    SELECT gone.*
    FROM delivery_after AS gone
    LEFT JOIN record USING (pmid)
    WHERE gone.is_deletion AND CASE
        WHEN record.pmid IS NULL THEN true
        WHEN (gone.delivery_kind = 'sample') <> (record.delivery_kind = 'sample') THEN record.delivery_kind = 'sample'
        WHEN gone.nlm_year IS NOT NULL AND record.nlm_year IS NOT NULL
            AND (gone.nlm_year, gone.nlm_number) <> (record.nlm_year, record.nlm_number) THEN
            (gone.nlm_year, gone.nlm_number) > (record.nlm_year, record.nlm_number)
        WHEN gone.record_source = record.record_source AND gone.delivered_at = record.delivered_at THEN
            (gone.chunk_order, gone.record_order) > (record.chunk_order, record.record_order)
        -- Two readings of one number, of which the second is a correction.
        WHEN gone.nlm_year IS NOT NULL AND record.nlm_year IS NOT NULL THEN
            (coalesce(gone.as_of, gone.delivered_at), gone.delivered_at)
            > (coalesce(record.as_of, record.delivered_at), record.delivered_at)
        -- What nothing dates is as of when it was read.
        WHEN gone.as_of IS NULL OR record.as_of IS NULL THEN gone.delivered_at > record.delivered_at
        ELSE gone.as_of > record.as_of END
    QUALIFY row_number() OVER (PARTITION BY gone.pmid ORDER BY coalesce(gone.as_of, gone.delivered_at) DESC, gone.delivery_kind) = 1
)
SELECT
    pmid,
    record.delivery_kind,
    record.content_sha256,
    record.record_source,
    record.record_run_id,
    deletion.evidence,
    deletion.record_source AS evidence_source,
    deletion.pmid IS NOT NULL AS is_deleted
FROM record
FULL JOIN deletion USING (pmid);
