-- Two obtained lists of neighbours of which one took the other's place.
CREATE TEMP TABLE step_link_list AS
SELECT pmid, link_kind, source, before_run_id, run_id AS after_run_id
FROM (
    SELECT pmid, link_kind, source, run_id,
        lag(run_id) OVER (PARTITION BY pmid, link_kind, source ORDER BY run_id) AS before_run_id
    FROM run_link_list
)
WHERE before_run_id IS NOT NULL;
