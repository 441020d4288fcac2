-- What changed in the last day, week and month before the last run: citations that are new, revised, known as retracted
-- since then (they came so, or became so), deleted. NLM's files name many deletions of citations that were never held.
WITH last AS (SELECT max(finished_at) AS ended FROM run),
span AS (
    SELECT days, period, ended - to_days(days) AS since, retracted
    FROM last, (VALUES
        (1, 'last day', (SELECT count(*) FROM retracted_by(
            (SELECT min(run_id) FROM run, last WHERE finished_at > ended - to_days(1)), '9'))),
        (7, 'last 7 days', (SELECT count(*) FROM retracted_by(
            (SELECT min(run_id) FROM run, last WHERE finished_at > ended - to_days(7)), '9'))),
        (30, 'last 30 days', (SELECT count(*) FROM retracted_by(
            (SELECT min(run_id) FROM run, last WHERE finished_at > ended - to_days(30)), '9')))
    ) AS spans (days, period, retracted)
),
dated AS (
    SELECT change.*, finished_at,
        table_name = 'citation' AND column_name = 'pmid' AS is_presence, table_name = 'deleted_citation' AS is_deletion
    FROM change JOIN run USING (run_id)
)
SELECT period,
    count(DISTINCT pmid) FILTER (is_presence AND after IS NOT NULL) AS new,
    count(DISTINCT pmid) FILTER (NOT is_presence AND NOT is_deletion AND table_name <> 'link') AS revised,
    any_value(retracted) AS retracted,
    count(DISTINCT pmid) FILTER (is_deletion AND before IS NULL AND pmid IN (SELECT pmid FROM citation)) AS deleted
FROM span LEFT JOIN dated ON finished_at > since
GROUP BY days, period ORDER BY days
