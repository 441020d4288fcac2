-- The columns of some citations, those of table `stepped`, that the runs changed, with the value before and after. Assumes
-- the view citation_field of warehouse/fill.py.
INSERT INTO change
WITH side AS (
    SELECT pmid, before_run_id AS run_id, after_run_id, true AS is_before FROM stepped
    UNION ALL
    SELECT pmid, after_run_id, after_run_id, false FROM stepped
),
-- Both rows of a citation come from one scan, which takes half the memory of two.
field AS (
    SELECT pmid, after_run_id AS run_id, unnest(any_value(names)) AS column_name,
        unnest(any_value(field_values) FILTER (is_before)) AS before,
        unnest(any_value(field_values) FILTER (NOT is_before)) AS after
    FROM citation_field JOIN side USING (pmid, run_id)
    GROUP BY pmid, after_run_id
)
SELECT run_id, pmid, 'citation', column_name, 1, before, after
FROM field WHERE before IS DISTINCT FROM after
ORDER BY run_id, pmid, column_name;
