-- What the runs changed in some citations, those of table `stepped`: columns with the value before and after, rows of MeSH,
-- publication types and comments that came or went, headings that became or ceased to be a main point. Assumes the view citation_field of warehouse/fill.py.
INSERT INTO change
WITH part AS (
    SELECT pmid, run_id, 'mesh_heading' AS table_name, 'descriptor_name' AS column_name,
        concat_ws('/', descriptor_name, nullif(qualifier_name, '')) AS value
    FROM run_mesh_heading
    UNION ALL
    SELECT pmid, run_id, 'mesh_heading', 'is_major', concat_ws('/', descriptor_name, nullif(qualifier_name, ''))
    FROM run_mesh_heading WHERE is_descriptor_major OR is_qualifier_major
    UNION ALL
    SELECT pmid, run_id, 'publication_type', 'publication_type', publication_type FROM run_publication_type
    UNION ALL
    SELECT pmid, run_id, 'comment_correction', 'ref_type',
        concat_ws(' ', ref_type, coalesce(CAST(related_pmid AS VARCHAR), ref_source))
    FROM run_comment_correction
),
part_before AS (
    SELECT DISTINCT step.pmid, step.after_run_id AS run_id, table_name, column_name, value
    FROM stepped AS step JOIN part ON part.pmid = step.pmid AND part.run_id = step.before_run_id
),
part_after AS (
    SELECT DISTINCT step.pmid, step.after_run_id AS run_id, table_name, column_name, value
    FROM stepped AS step JOIN part ON part.pmid = step.pmid AND part.run_id = step.after_run_id
),
changed AS (
    SELECT step.after_run_id AS run_id, step.pmid, 'citation' AS table_name, old.column_name,
        old.value AS before, new.value AS after
    FROM stepped AS step
    JOIN citation_field AS old ON old.pmid = step.pmid AND old.run_id = step.before_run_id
    JOIN citation_field AS new
        ON new.pmid = step.pmid AND new.run_id = step.after_run_id AND new.column_name = old.column_name
    WHERE old.value IS DISTINCT FROM new.value
    UNION ALL
    SELECT run_id, pmid, table_name, column_name, value, NULL
    FROM part_before ANTI JOIN part_after USING (pmid, run_id, table_name, column_name, value)
    UNION ALL
    SELECT run_id, pmid, table_name, column_name, NULL, value
    FROM part_after ANTI JOIN part_before USING (pmid, run_id, table_name, column_name, value)
)
SELECT run_id, pmid, table_name, column_name,
    row_number() OVER (PARTITION BY run_id, pmid, table_name, column_name ORDER BY before, after), before, after
FROM changed
ORDER BY run_id, pmid, table_name, column_name, 5;
