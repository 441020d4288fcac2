-- One row a pair of PMIDs of which one cites the other, held or not, as a link list (of either of them) or the citing
-- record's own reference list says.
-- Example: SELECT cited_pmid, count(*) FROM citing GROUP BY cited_pmid ORDER BY 2 DESC LIMIT 10;
CREATE VIEW citing AS
SELECT citing_pmid, cited_pmid, list(DISTINCT source ORDER BY source) AS sources
FROM (
    SELECT pmid AS citing_pmid, linked_pmid AS cited_pmid, source FROM link WHERE link_kind = 'reference'
    UNION ALL
    SELECT linked_pmid, pmid, source FROM link WHERE link_kind = 'cited_by'
    UNION ALL
    SELECT pmid, cited_pmid, 'record' FROM cited_reference WHERE cited_pmid IS NOT NULL
)
GROUP BY citing_pmid, cited_pmid;
