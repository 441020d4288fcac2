-- What changed in the last day, week and month before the last run: citations that are new, revised, newly known as
-- retracted, deleted.
WITH span AS (
    SELECT *, (SELECT max(finished_at) FROM run) - to_days(days) AS since
    FROM (VALUES (1, 'last day'), (7, 'last 7 days'), (30, 'last 30 days')) AS spans (days, period)
),
dated AS (
    SELECT change.*, finished_at,
        table_name = 'citation' AND column_name = 'pmid' AS is_presence, table_name = 'deleted_citation' AS is_deletion
    FROM change JOIN run USING (run_id)
)
SELECT period,
    count(DISTINCT pmid) FILTER (is_presence AND after IS NOT NULL) AS new,
    count(DISTINCT pmid) FILTER (NOT is_presence AND NOT is_deletion AND table_name <> 'link') AS revised,
    count(DISTINCT pmid) FILTER (column_name = 'is_retracted' AND after = 'true' AND NOT is_presence) AS retracted,
    count(DISTINCT pmid) FILTER (is_deletion AND before IS NULL) AS deleted
FROM span LEFT JOIN dated ON finished_at > since
GROUP BY days, period ORDER BY days
