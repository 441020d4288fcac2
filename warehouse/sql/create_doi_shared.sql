-- One row per DOI that several of the citations held have. That need not mean one study: DOIs are cut short or mistaken, and
-- an update can have that of what it updates; view duplicate has the pairs that something else speaks for as well.
-- Example: SELECT normal_doi, pmids FROM doi_shared ORDER BY citation_count DESC;
CREATE VIEW doi_shared AS
SELECT normal_doi, count(*) AS citation_count, list(pmid ORDER BY pmid) AS pmids, bool_and(is_valid) AS is_valid
FROM citation_doi
GROUP BY normal_doi
HAVING count(*) > 1;
