-- One row per pair of PMIDs of which one cites the other, held or not, with the sources that say so.
-- Example: SELECT cited_pmid, count(*) FROM citing GROUP BY cited_pmid ORDER BY 2 DESC LIMIT 10;
CREATE VIEW citing AS
SELECT citing_pmid, cited_pmid, list(DISTINCT source ORDER BY source) AS sources
FROM citing_source
GROUP BY citing_pmid, cited_pmid;
