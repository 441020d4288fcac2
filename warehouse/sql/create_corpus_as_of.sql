-- The citations as they were known at a time (UTC), a date being its beginning, whether each was a member then and
-- whether NLM had withdrawn it; is_retracted is what its own record said then.
-- Example: SELECT count(*) FROM corpus_as_of('2026-11-01') WHERE is_member;
CREATE MACRO corpus_as_of(as_of) AS TABLE
WITH past_run AS NOT MATERIALIZED (
    SELECT run_id FROM run WHERE finished_at <= CAST(as_of AS TIMESTAMP)
),
member_then AS (
    SELECT DISTINCT pmid FROM (FROM member UNION ALL BY NAME FROM program.member_past)
    WHERE since_run_id IN (FROM past_run) AND (until_run_id IS NULL OR until_run_id NOT IN (FROM past_run))
),
withdrawn_then AS (
    SELECT pmid, arg_max(after IS NOT NULL, (run_id, change_order)) AS is_deleted
    FROM change SEMI JOIN past_run USING (run_id)
    WHERE table_name = 'deleted_citation' AND column_name = 'evidence'
    GROUP BY pmid
)
SELECT history.*, member_then.pmid IS NOT NULL AS is_member, coalesce(withdrawn_then.is_deleted, false) AS is_deleted
FROM citation_history AS history
LEFT JOIN member_then USING (pmid)
LEFT JOIN withdrawn_then USING (pmid)
WHERE valid_from <= CAST(as_of AS TIMESTAMP) AND (valid_to IS NULL OR valid_to > CAST(as_of AS TIMESTAMP));
