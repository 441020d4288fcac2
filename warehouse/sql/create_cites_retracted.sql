-- One row a citation held and a retracted one that it cites; whether it came after the notice, by year, null where that
-- cannot be told. The notice itself is not among them.
-- Example: SELECT pmid, title, retracted_pmid, retracted_title FROM cites_retracted WHERE is_after_notice;
CREATE VIEW cites_retracted AS
WITH retracted AS (
    SELECT pmid, min(title) AS title, min(notice_year) AS notice_year, list(notice_pmid) AS notice_pmids
    FROM retraction GROUP BY pmid
),
-- Pairs are made one after the few of them are found, not before: the view citing would do it to all.
citing_retracted AS (
    SELECT DISTINCT citing_pmid, cited_pmid FROM citing_source
    WHERE cited_pmid IN (SELECT pmid FROM retracted)
)
SELECT
    citation.pmid,
    citation.pub_year AS year,
    citation.article_title AS title,
    retracted.pmid AS retracted_pmid,
    retracted.title AS retracted_title,
    retracted.notice_year,
    citation.pub_year > retracted.notice_year AS is_after_notice
FROM citing_retracted
JOIN retracted ON retracted.pmid = cited_pmid
JOIN citation ON citation.pmid = citing_pmid
WHERE NOT list_contains(retracted.notice_pmids, citation.pmid);
