-- One row per MeSH descriptor and a year of publication: citations that have it, and those it is a main point of.
-- Example: SELECT year, citation_count FROM mesh_by_year WHERE descriptor_name = 'Ketamine' ORDER BY year;
CREATE VIEW mesh_by_year AS
SELECT
    descriptor_name,
    any_value(descriptor_ui) AS descriptor_ui,
    pub_year AS year,
    count(*) AS citation_count,
    count(*) FILTER (is_major) AS major_count
FROM program.article_mesh
GROUP BY descriptor_name, pub_year;
