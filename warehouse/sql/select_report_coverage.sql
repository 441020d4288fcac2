-- Share of the citations, in percent, that have an abstract, a DOI, MeSH ..., the most first. As view coverage has it,
-- without the shares of each run.
WITH counted AS (
    SELECT unnest(['abstract', 'DOI', 'PMC id']) AS what,
        unnest([count(abstract), count(doi), count(pmc_id)]) AS citations FROM citation
    UNION ALL SELECT 'authors', count(DISTINCT pmid) FROM author
    UNION ALL SELECT 'affiliation', count(DISTINCT pmid) FROM affiliation
    UNION ALL SELECT 'MeSH', count(DISTINCT pmid) FROM mesh_heading
    UNION ALL SELECT 'keywords', count(DISTINCT pmid) FROM keyword
    UNION ALL SELECT 'grants', count(DISTINCT pmid) FROM grant_support
    UNION ALL SELECT 'reference list', count(DISTINCT pmid) FROM cited_reference
    UNION ALL SELECT 'links', count(DISTINCT pmid) FROM link SEMI JOIN citation USING (pmid) WHERE source <> 'record'
)
SELECT what, round(100 * citations / total, 1) AS percent, citations
FROM counted, (SELECT count(*) AS total FROM citation)
WHERE total > 0
ORDER BY percent DESC, what
