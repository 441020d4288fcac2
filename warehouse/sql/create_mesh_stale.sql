-- The headings on held citations that MeSH has under another name now (`renamed`), or no longer (`gone`), and what has
-- replaced them: the record of today that has the old heading as a name. Empty without MeSH (`corpus mesh`).
-- Example: SELECT descriptor_name, what, new_name, citation_count FROM mesh_stale ORDER BY citation_count DESC;
CREATE VIEW mesh_stale AS
WITH heading AS (
    SELECT descriptor_ui, descriptor_name, count(*) AS citation_count
    FROM program.article_mesh
    WHERE EXISTS (FROM mesh_descriptor)
    GROUP BY descriptor_ui, descriptor_name
),
record AS (
    SELECT descriptor_ui AS mesh_ui, descriptor_name AS mesh_name FROM mesh_descriptor
    UNION ALL
    SELECT supplementary_ui, supplementary_name FROM mesh_supplementary
),
successor AS (
    SELECT lower(term_name) AS term_name, min(mesh_ui) AS mesh_ui
    FROM mesh_term SEMI JOIN record USING (mesh_ui)
    GROUP BY lower(term_name)
)
SELECT
    heading.descriptor_ui,
    heading.descriptor_name,
    CASE
        WHEN now.descriptor_ui IS NOT NULL THEN 'renamed'
        WHEN heading.descriptor_ui IS NULL AND record.mesh_ui IS NOT NULL THEN 'renamed'
        ELSE 'gone'
    END AS what,
    coalesce(now.descriptor_ui, record.mesh_ui) AS new_ui,
    coalesce(now.descriptor_name, record.mesh_name) AS new_name,
    heading.citation_count
FROM heading
LEFT JOIN mesh_descriptor AS now ON now.descriptor_ui = heading.descriptor_ui
LEFT JOIN successor ON successor.term_name = lower(heading.descriptor_name)
LEFT JOIN record ON record.mesh_ui = successor.mesh_ui
WHERE now.descriptor_name IS DISTINCT FROM heading.descriptor_name
    AND NOT (heading.descriptor_ui IS NULL AND record.mesh_name IS NOT DISTINCT FROM heading.descriptor_name);
