-- Creates member_change: the rows of member for the reasons that began to hold, moved nearer to a seed or further away,
-- or ceased to hold. A PMID that a backfill or a file brought stays; the seeds folder takes away what it gave.
-- $run_id: this run. $is_ending: whether all that the seeds folder gives was found, so that what is missing has ceased.
CREATE TEMP TABLE member_change AS
WITH found AS (
    SELECT pmid, reason, via, min(depth) AS depth FROM found_member GROUP BY ALL
),
held AS (
    SELECT pmid, reason, via, depth, since_run_id FROM state.member WHERE until_run_id IS NULL
)
SELECT pmid, reason, via, found.depth, coalesce(since_run_id, $run_id) AS since_run_id,
    CAST(NULL AS VARCHAR) AS until_run_id, $run_id AS run_id
FROM found LEFT JOIN held USING (pmid, reason, via)
WHERE since_run_id IS NULL OR held.depth <> found.depth
UNION ALL
SELECT pmid, reason, via, depth, since_run_id, $run_id, $run_id
FROM held ANTI JOIN found USING (pmid, reason, via)
WHERE CAST($is_ending AS BOOLEAN) AND reason IN ('seed', 'similar', 'cited_by', 'reference', 'pmids', 'query');
