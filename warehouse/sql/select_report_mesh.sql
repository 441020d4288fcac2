-- The 15 MeSH descriptors that are a main point most often, by year of publication over the 20 last years that have MeSH:
-- the share of the year's indexed citations that have them, in percent.
WITH indexed AS (
    SELECT pub_year AS year, count(DISTINCT pmid) AS indexed_count FROM program.article_mesh WHERE pub_year IS NOT NULL
    GROUP BY pub_year ORDER BY year DESC LIMIT 20
),
main_point AS (
    SELECT descriptor_name, sum(major_count) AS major_count FROM mesh_by_year SEMI JOIN indexed USING (year)
    GROUP BY descriptor_name ORDER BY major_count DESC, descriptor_name LIMIT 15
)
SELECT descriptor_name AS descriptor, year, mesh_by_year.citation_count AS citations, indexed_count AS indexed,
    round(100 * mesh_by_year.citation_count / indexed_count, 1) AS percent
FROM mesh_by_year JOIN indexed USING (year) JOIN main_point USING (descriptor_name)
ORDER BY main_point.major_count DESC, descriptor, year
