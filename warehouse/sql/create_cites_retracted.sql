-- One row per citation held and a retracted one that it cites; whether it came after the notice, by year, null where that
-- cannot be told. The notice itself is not among them.
-- Example: SELECT pmid, title, retracted_pmid, retracted_title FROM cites_retracted WHERE is_after_notice;
CREATE VIEW cites_retracted AS
WITH known AS (
    SELECT pmid, min(title) AS title, min(notice_year) AS notice_year, list(notice_pmid) AS notice_pmids
    FROM retraction GROUP BY pmid
),
-- Pairs are made one after the few of them are found, not before: the view citing would do it to all.
citing_retracted AS (
    SELECT DISTINCT citing_pmid, cited_pmid FROM citing_source
    WHERE cited_pmid IN (SELECT pmid FROM known)
)
SELECT
    citation.pmid,
    citation.pub_year AS year,
    shown_title(article_title, vernacular_title, NULL) AS title,
    known.pmid AS retracted_pmid,
    known.title AS retracted_title,
    known.notice_year,
    citation.pub_year > known.notice_year AS is_after_notice
FROM citing_retracted
JOIN known ON known.pmid = cited_pmid
JOIN citation ON citation.pmid = citing_pmid
WHERE NOT list_contains(known.notice_pmids, citation.pmid);
