-- The links that came or went with some lists of neighbours, those of table `stepped_list`.
INSERT INTO change
WITH neighbour AS (
    SELECT pmid, link_kind, source, run_id, CAST(linked_pmid AS VARCHAR) AS value FROM run_link
),
link_before AS (
    SELECT step.pmid, step.after_run_id AS run_id, 'link' AS table_name,
        concat_ws(' ', link_kind, source) AS column_name, value
    FROM stepped_list AS step JOIN neighbour USING (pmid, link_kind, source)
    WHERE neighbour.run_id = step.before_run_id
),
link_after AS (
    SELECT step.pmid, step.after_run_id AS run_id, 'link' AS table_name,
        concat_ws(' ', link_kind, source) AS column_name, value
    FROM stepped_list AS step JOIN neighbour USING (pmid, link_kind, source)
    WHERE neighbour.run_id = step.after_run_id
),
changed AS (
    SELECT run_id, pmid, table_name, column_name, value AS before, NULL AS after
    FROM link_before ANTI JOIN link_after USING (pmid, run_id, table_name, column_name, value)
    UNION ALL
    SELECT run_id, pmid, table_name, column_name, NULL, value
    FROM link_after ANTI JOIN link_before USING (pmid, run_id, table_name, column_name, value)
)
SELECT run_id, pmid, table_name, column_name,
    row_number() OVER (PARTITION BY run_id, pmid, table_name, column_name ORDER BY before, after), before, after
FROM changed
ORDER BY run_id, pmid, table_name, column_name, 5;
