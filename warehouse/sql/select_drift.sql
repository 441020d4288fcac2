-- The counts and shares (percent of the citations) that the drift gate compares: one row. A citation with headings has
-- one row of mesh_heading that is the first of its first heading. Citations that are withdrawn do not count as such.
SELECT
    count(*) - (SELECT count(*) FROM deleted_citation SEMI JOIN citation USING (pmid)) AS citations,
    100.0 * count(abstract) / greatest(count(*), 1) AS abstract_percent,
    100.0 * count(doi) / greatest(count(*), 1) AS doi_percent,
    100.0 * (SELECT count(*) FROM mesh_heading WHERE heading_order = 1 AND qualifier_order = 1)
    / greatest(count(*), 1) AS mesh_percent,
    (SELECT count(*) FROM link) AS links
FROM citation;
