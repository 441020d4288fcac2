-- What the runs changed: columns of citations with the value before and after, rows of MeSH, publication types, comments
-- and links that came or went, citations that came, went or were withdrawn. Assumes the temp_* tables and the view
-- citation_field of warehouse/fill.py.
INSERT INTO change
WITH part AS (
    SELECT pmid, run_id, 'mesh_heading' AS table_name, 'descriptor_name' AS column_name,
        concat_ws('/', descriptor_name, nullif(qualifier_name, '')) AS value
    FROM run_mesh_heading
    UNION ALL
    SELECT pmid, run_id, 'publication_type', 'publication_type', publication_type FROM run_publication_type
    UNION ALL
    SELECT pmid, run_id, 'comment_correction', 'ref_type',
        concat_ws(' ', ref_type, coalesce(CAST(related_pmid AS VARCHAR), ref_source))
    FROM run_comment_correction
),
part_before AS (
    SELECT DISTINCT step.pmid, step.after_run_id AS run_id, table_name, column_name, value
    FROM step_citation AS step JOIN part ON part.pmid = step.pmid AND part.run_id = step.before_run_id
),
part_after AS (
    SELECT DISTINCT step.pmid, step.after_run_id AS run_id, table_name, column_name, value
    FROM step_citation AS step JOIN part ON part.pmid = step.pmid AND part.run_id = step.after_run_id
),
neighbour AS (
    SELECT pmid, link_kind, source, run_id, CAST(linked_pmid AS VARCHAR) AS value FROM run_link
),
link_before AS (
    SELECT step.pmid, step.after_run_id AS run_id, 'link' AS table_name,
        concat_ws(' ', link_kind, source) AS column_name, value
    FROM step_link_list AS step JOIN neighbour USING (pmid, link_kind, source)
    WHERE neighbour.run_id = step.before_run_id
),
link_after AS (
    SELECT step.pmid, step.after_run_id AS run_id, 'link' AS table_name,
        concat_ws(' ', link_kind, source) AS column_name, value
    FROM step_link_list AS step JOIN neighbour USING (pmid, link_kind, source)
    WHERE neighbour.run_id = step.after_run_id
),
changed AS (
    SELECT step.after_run_id AS run_id, step.pmid, 'citation' AS table_name, old.column_name,
        old.value AS before, new.value AS after
    FROM step_citation AS step
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
    UNION ALL
    SELECT run_id, pmid, table_name, column_name, value, NULL
    FROM link_before ANTI JOIN link_after USING (pmid, run_id, table_name, column_name, value)
    UNION ALL
    SELECT run_id, pmid, table_name, column_name, NULL, value
    FROM link_after ANTI JOIN link_before USING (pmid, run_id, table_name, column_name, value)
    UNION ALL
    -- A citation that came: no row of it ended in the run in which this one began.
    SELECT run_id, pmid, 'citation', 'pmid', NULL, CAST(pmid AS VARCHAR)
    FROM (
        SELECT pmid, run_id FROM new_citation ANTI JOIN version_citation USING (pmid)
        UNION ALL
        SELECT pmid, run_id FROM new_citation SEMI JOIN version_citation USING (pmid, run_id)
    ) AS came
    ANTI JOIN step_citation ON step_citation.pmid = came.pmid AND step_citation.after_run_id = came.run_id
    UNION ALL
    -- Seed text that went with its page.
    SELECT until_run_id, pmid, 'citation', 'pmid', CAST(pmid AS VARCHAR), NULL
    FROM version_citation AS went
    ANTI JOIN step_citation ON step_citation.pmid = went.pmid AND step_citation.before_run_id = went.run_id
    WHERE until_run_id IS NOT NULL
    UNION ALL
    SELECT run_id, pmid, 'deleted_citation', 'evidence', NULL, evidence FROM new_deleted_citation
)
SELECT run_id, pmid, table_name, column_name,
    row_number() OVER (PARTITION BY run_id, pmid, table_name, column_name ORDER BY before, after), before, after
FROM changed
ORDER BY run_id, pmid, table_name, column_name, 5;
