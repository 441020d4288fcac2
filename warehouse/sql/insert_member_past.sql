-- The times in which reasons held that held again later. A reason that is taken up again has a row with a later
-- since_run_id; one with the same is the same time, known better. Assumes the views of warehouse/current.py.
INSERT INTO member_past
WITH replaced AS (
    FROM run_member ANTI JOIN key_member USING (pmid, reason, via, run_id)
),
following AS (
    SELECT *,
        lead(since_run_id) OVER in_time AS next_since_run_id,
        lead(run_id) OVER in_time AS next_run_id
    FROM run_member SEMI JOIN replaced USING (pmid, reason, via)
    WINDOW in_time AS (PARTITION BY pmid, reason, via ORDER BY run_id)
)
SELECT pmid, reason, via, depth, since_run_id, run_id, coalesce(until_run_id, next_run_id)
FROM following
WHERE next_since_run_id <> since_run_id
ORDER BY pmid, reason, via, since_run_id;
