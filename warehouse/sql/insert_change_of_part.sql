-- The rows of MeSH, publication types and comments that came to or went from some citations, those of table `stepped`, with
-- the runs, and headings that became or ceased to be a main point.
INSERT INTO change
WITH side AS (
    SELECT pmid, before_run_id AS run_id, after_run_id, true AS is_before FROM stepped
    UNION ALL
    SELECT pmid, after_run_id, after_run_id, false FROM stepped
),
part AS (
    SELECT pmid, run_id, 'mesh_heading' AS table_name,
        unnest(CASE WHEN is_descriptor_major OR is_qualifier_major THEN ['descriptor_name', 'is_major']
            ELSE ['descriptor_name'] END) AS column_name,
        concat_ws('/', descriptor_name, nullif(qualifier_name, '')) AS value
    FROM run_mesh_heading SEMI JOIN stepped USING (pmid)
    UNION ALL
    SELECT pmid, run_id, 'publication_type', 'publication_type', publication_type
    FROM run_publication_type SEMI JOIN stepped USING (pmid)
    UNION ALL
    SELECT pmid, run_id, 'comment_correction', 'ref_type',
        concat_ws(' ', ref_type, coalesce(CAST(related_pmid AS VARCHAR), ref_source))
    FROM run_comment_correction SEMI JOIN stepped USING (pmid)
),
changed AS (
    SELECT after_run_id AS run_id, pmid, table_name, column_name,
        CASE WHEN bool_and(is_before) THEN value END AS before, CASE WHEN NOT bool_or(is_before) THEN value END AS after
    FROM part JOIN side USING (pmid, run_id)
    GROUP BY after_run_id, pmid, table_name, column_name, value
    HAVING bool_and(is_before) OR NOT bool_or(is_before)
)
SELECT run_id, pmid, table_name, column_name,
    row_number() OVER (PARTITION BY run_id, pmid, table_name, column_name ORDER BY before, after), before, after
FROM changed
ORDER BY run_id, pmid, table_name, column_name, 5;
