-- The counts and shares (percent of the citations) that the drift gate compares: one row.
SELECT
    count(*) AS citations,
    100.0 * count(abstract) / greatest(count(*), 1) AS abstract_percent,
    100.0 * count(doi) / greatest(count(*), 1) AS doi_percent,
    100.0 * (SELECT count(DISTINCT pmid) FROM mesh_heading) / greatest(count(*), 1) AS mesh_percent,
    (SELECT count(*) FROM link) AS links
FROM citation;
