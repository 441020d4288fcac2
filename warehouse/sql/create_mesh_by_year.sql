-- One row a MeSH descriptor and a year of publication: citations that have it, and those it is a main point of.
-- Example: SELECT year, citation_count FROM mesh_by_year WHERE descriptor_name = 'Ketamine' ORDER BY year;
CREATE VIEW mesh_by_year AS
WITH heading AS (
    SELECT pmid, descriptor_name, any_value(descriptor_ui) AS descriptor_ui,
        bool_or(is_descriptor_major OR is_qualifier_major) AS is_major
    FROM mesh_heading GROUP BY pmid, descriptor_name
)
SELECT
    descriptor_name,
    any_value(descriptor_ui) AS descriptor_ui,
    pub_year AS year,
    count(*) AS citation_count,
    count(*) FILTER (is_major) AS major_count
FROM heading JOIN citation USING (pmid)
GROUP BY descriptor_name, pub_year;
