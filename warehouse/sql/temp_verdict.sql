-- What became of each PMID that a run has read: its outcome, what there is to say of it, and whether the record that holds
-- is written. Assumes staged, delivered, holding, and schema state.
CREATE TEMP TABLE verdict AS
WITH record_read AS (
    FROM delivered
    WHERE NOT is_deletion
    QUALIFY row_number() OVER (
        PARTITION BY pmid ORDER BY pmid_version DESC, coalesce(as_of, delivered_at) DESC, content_sha256 DESC
    ) = 1
),
deletion_read AS (
    SELECT pmid, arg_max(evidence || ' in ' || record_source, delivered_at) AS sentence
    FROM delivered WHERE is_deletion GROUP BY pmid
),
refused AS (
    SELECT pmid, arg_max(reason, (chunk_order, record_order)) AS reason FROM staged WHERE reason IS NOT NULL GROUP BY pmid
),
touched AS (
    SELECT DISTINCT pmid FROM staged
),
held AS (
    SELECT pmid, content_sha256, source FROM state.citation SEMI JOIN touched USING (pmid) WHERE source <> 'seed'
),
withdrawn AS (
    SELECT pmid FROM state.deleted_citation SEMI JOIN touched USING (pmid)
),
judged AS (
    SELECT
        pmid,
        CASE
            WHEN record_read.pmid IS NULL AND deletion_read.pmid IS NULL THEN 'rejected'
            WHEN deletion_read.pmid IS NOT NULL AND holding.is_deleted THEN 'deleted'
            WHEN holding.is_deleted OR record_read.pmid IS NULL THEN 'older'
            WHEN record_read.content_sha256 <> holding.content_sha256 THEN 'older'
            WHEN held.pmid IS NULL OR held.source = 'sample' AND holding.delivery_kind <> 'sample' THEN 'new'
            WHEN held.content_sha256 = holding.content_sha256 THEN 'unchanged'
            ELSE 'revised' END AS outcome,
        refused.reason,
        deletion_read.sentence,
        holding.is_deleted,
        holding.record_source,
        holding.evidence_source,
        withdrawn.pmid IS NOT NULL AS was_deleted,
        coalesce(holding.content_sha256 IS NOT NULL AND (
            held.pmid IS NULL
            OR held.content_sha256 <> holding.content_sha256
            OR held.source = 'sample' AND holding.delivery_kind <> 'sample'
            -- That it was delivered again ends its deletion.
            OR withdrawn.pmid IS NOT NULL AND NOT holding.is_deleted
        ), false) AS is_written
    FROM touched
    LEFT JOIN record_read USING (pmid)
    LEFT JOIN deletion_read USING (pmid)
    LEFT JOIN refused USING (pmid)
    LEFT JOIN holding USING (pmid)
    LEFT JOIN held USING (pmid)
    LEFT JOIN withdrawn USING (pmid)
)
SELECT
    pmid,
    outcome,
    CASE
        WHEN outcome = 'rejected' THEN reason
        WHEN outcome = 'deleted' THEN sentence
        WHEN outcome = 'older' AND is_deleted THEN 'Withdrawn since by ' || evidence_source || '.'
        WHEN outcome = 'older' THEN 'The record of ' || record_source || ' is later.'
        WHEN was_deleted THEN 'Delivered again after its deletion.' END AS detail,
    is_written,
    -- A deletion is written when it begins, and again with a record that it outlasts.
    coalesce(is_deleted AND (NOT was_deleted OR is_written), false) AS is_withdrawn
FROM judged;
