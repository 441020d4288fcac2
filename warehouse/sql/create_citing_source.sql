-- One row per pair of PMIDs of which one cites the other and each list that says so: a link list of either of them, or the
-- citing record's own reference list. View citing has each pair once.
-- Example: SELECT source, count(*) FROM citing_source GROUP BY source;
CREATE VIEW citing_source AS
SELECT pmid AS citing_pmid, linked_pmid AS cited_pmid, source FROM link WHERE link_kind = 'reference'
UNION ALL
SELECT linked_pmid, pmid, source FROM link WHERE link_kind = 'cited_by'
UNION ALL
SELECT pmid, cited_pmid, 'record' FROM cited_reference WHERE cited_pmid IS NOT NULL;
