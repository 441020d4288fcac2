-- Share of the citations, in percent, that have an abstract, a DOI, MeSH ..., the most first.
SELECT what, round(100 * share, 1) AS percent, round(share * citation_count)::BIGINT AS citations
FROM coverage, LATERAL (VALUES
    ('abstract', abstract_share), ('DOI', doi_share), ('PMC id', pmc_id_share), ('authors', author_share),
    ('affiliation', affiliation_share), ('MeSH', mesh_share), ('keywords', keyword_share), ('grants', grant_share),
    ('reference list', reference_share), ('links', link_share)
) AS shares (what, share)
WHERE run_id IS NULL AND share IS NOT NULL
ORDER BY percent DESC, what
