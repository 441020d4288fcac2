-- Creates asked_pmid, what the runs that count have asked, by PMID: outcome is that of the last run that asked, asked_at
-- when that run began, looked_at when the last one began that got its record, the same or not; missing_count is the
-- number of runs in a row, up to the last one, in whose replies it was left out, missing_since when the first of them
-- began. Example: new, not_found, failed, not_found give (not_found, ..., 2, start of the second run).
CREATE TEMP VIEW asked_pmid AS
WITH answer AS (
    SELECT
        pmid,
        outcome,
        run_order,
        started_at,
        outcome IN ('not_found', 'deleted') AS is_missing,
        outcome NOT IN ('not_found', 'deleted', 'failed') AS is_delivered
    FROM state.request JOIN counted_run USING (run_id)
),
last_answer AS (
    SELECT
        pmid,
        arg_max(outcome, run_order) AS outcome,
        max(started_at) AS asked_at,
        max(started_at) FILTER (is_delivered AND outcome <> 'rejected') AS looked_at,
        coalesce(max(run_order) FILTER (is_delivered), 0) AS delivered_order
    FROM answer
    GROUP BY pmid
),
missing AS (
    SELECT pmid, count(*) AS missing_count, min(started_at) AS missing_since
    FROM answer JOIN last_answer USING (pmid)
    WHERE is_missing AND run_order > delivered_order
    GROUP BY pmid
)
SELECT pmid, outcome, asked_at, looked_at, coalesce(missing_count, 0) AS missing_count, missing_since
FROM last_answer LEFT JOIN missing USING (pmid);
