-- One row a retracted citation and the notice that says so, from the tie of either of them, or neither where only its
-- publication type does; the date is that of the notice, where the notice is held and gives one.
-- Example: SELECT pmid, notice_pmid, notice_date, title FROM retraction ORDER BY notice_date DESC;
CREATE VIEW retraction AS
WITH tie AS (
    SELECT pmid, related_pmid AS notice_pmid, ref_source AS notice_source
    FROM comment_correction WHERE ref_type = 'RetractionIn'
    UNION ALL
    SELECT related_pmid, pmid, NULL
    FROM comment_correction WHERE ref_type = 'RetractionOf' AND related_pmid IS NOT NULL
    UNION ALL
    SELECT pmid, NULL, NULL FROM citation WHERE is_retracted
),
known AS (
    SELECT pmid, notice_pmid, max(notice_source) AS notice_source FROM tie GROUP BY pmid, notice_pmid
    -- What no tie names a notice for has one row; what one does has none without it.
    QUALIFY notice_pmid IS NOT NULL OR count(*) OVER (PARTITION BY pmid) = 1
)
SELECT
    known.pmid,
    paper.pub_year AS year,
    paper.article_title AS title,
    paper.medline_ta AS journal,
    notice_pmid,
    notice_source,
    notice.pub_date AS notice_date,
    notice.pub_year AS notice_year,
    paper.pmid IS NOT NULL AS is_held
FROM known
LEFT JOIN citation AS paper ON paper.pmid = known.pmid
LEFT JOIN citation AS notice ON notice.pmid = notice_pmid;
