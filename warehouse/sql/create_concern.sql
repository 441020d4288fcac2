-- One row per citation that an expression of concern is about, or of which a part was retracted, and the notice that says so,
-- from the tie of either of them.
-- Example: SELECT pmid, what, title, notice_pmid, is_retracted FROM concern ORDER BY notice_year DESC;
CREATE VIEW concern AS
WITH tie AS (
    SELECT pmid, related_pmid AS notice_pmid, ref_source AS notice_source, ref_type
    FROM correction WHERE ref_type IN ('ExpressionOfConcernIn', 'PartialRetractionIn')
    UNION ALL
    SELECT related_pmid, pmid, NULL, ref_type
    FROM correction
    WHERE ref_type IN ('ExpressionOfConcernFor', 'PartialRetractionOf') AND related_pmid IS NOT NULL
        AND pmid NOT IN (SELECT pmid FROM deleted_citation)
),
known AS (
    SELECT
        pmid, notice_pmid, max(notice_source) AS notice_source,
        CASE WHEN starts_with(ref_type, 'Partial') THEN 'partial retraction' ELSE 'expression of concern' END AS what
    FROM tie GROUP BY pmid, notice_pmid, what
)
SELECT
    known.pmid,
    what,
    paper.pub_year AS year,
    shown_title(paper.article_title, paper.vernacular_title, NULL) AS title,
    paper.medline_ta AS journal,
    notice_pmid,
    notice_source,
    notice.pub_date AS notice_date,
    notice.pub_year AS notice_year,
    known.pmid IN (SELECT pmid FROM retracted) AS is_retracted,
    paper.pmid IS NOT NULL AS is_held
FROM known
LEFT JOIN citation AS paper ON paper.pmid = known.pmid
LEFT JOIN citation AS notice ON notice.pmid = notice_pmid;
