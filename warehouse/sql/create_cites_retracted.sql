-- One row a citation held and a retracted one that it cites; whether it came after the notice, by year, null where that
-- cannot be told. The notice itself is not among them.
-- Example: SELECT pmid, title, retracted_pmid, retracted_title FROM cites_retracted WHERE is_after_notice;
CREATE VIEW cites_retracted AS
WITH retracted AS (
    SELECT pmid, min(title) AS title, min(notice_year) AS notice_year, list(notice_pmid) AS notice_pmids
    FROM retraction GROUP BY pmid
)
SELECT
    citation.pmid,
    citation.pub_year AS year,
    citation.article_title AS title,
    retracted.pmid AS retracted_pmid,
    retracted.title AS retracted_title,
    retracted.notice_year,
    citation.pub_year > retracted.notice_year AS is_after_notice
FROM citing
JOIN retracted ON retracted.pmid = citing.cited_pmid
JOIN citation ON citation.pmid = citing.citing_pmid
WHERE NOT list_contains(retracted.notice_pmids, citation.pmid);
