-- One row per run, of the citations whose record is still the one that it brought, and one of all, whose run_id is null:
-- the shares of them, 0 to 1, that have an abstract, a DOI, MeSH ...
-- Example: FROM coverage WHERE run_id IS NULL;
CREATE VIEW coverage AS
SELECT
    run_id,
    count(*) AS citation_count,
    avg(CAST(abstract IS NOT NULL AS INTEGER)) AS abstract_share,
    avg(CAST(doi IS NOT NULL AS INTEGER)) AS doi_share,
    avg(CAST(pmc_id IS NOT NULL AS INTEGER)) AS pmc_id_share,
    avg(CAST(pmid IN (SELECT pmid FROM author) AS INTEGER)) AS author_share,
    avg(CAST(pmid IN (SELECT pmid FROM affiliation) AS INTEGER)) AS affiliation_share,
    avg(CAST(pmid IN (SELECT pmid FROM mesh_heading) AS INTEGER)) AS mesh_share,
    avg(CAST(pmid IN (SELECT pmid FROM keyword) AS INTEGER)) AS keyword_share,
    avg(CAST(pmid IN (SELECT pmid FROM grant_support) AS INTEGER)) AS grant_share,
    avg(CAST(pmid IN (SELECT pmid FROM cited_reference) AS INTEGER)) AS reference_share,
    avg(CAST(pmid IN (SELECT pmid FROM link WHERE source <> 'record') AS INTEGER)) AS link_share
FROM citation
GROUP BY GROUPING SETS ((run_id), ());
