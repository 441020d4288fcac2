-- Citations held that were revised or deleted within a month before the last run, the latest first, with what changed; 30 at
-- most.
WITH changed AS (
    SELECT DISTINCT finished_at::DATE AS changed, run_id, change.pmid,
        CASE WHEN table_name = 'citation' THEN column_name WHEN table_name <> 'deleted_citation' THEN table_name
            WHEN before IS NULL THEN 'deleted' ELSE 'no longer deleted' END AS what
    FROM change JOIN run USING (run_id)
    WHERE finished_at > (SELECT max(finished_at) FROM run) - INTERVAL 30 DAY
        AND table_name <> 'link' AND NOT (table_name = 'citation' AND column_name = 'pmid')
)
SELECT changed, changed.pmid, min(title) AS title, min(year) AS year, string_agg(what, ', ' ORDER BY what) AS what
FROM changed JOIN article USING (pmid)
GROUP BY changed, run_id, changed.pmid ORDER BY run_id DESC, changed.pmid DESC LIMIT 30
