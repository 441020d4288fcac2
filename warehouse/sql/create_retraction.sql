-- One row per retracted citation and the notice that says so, from the tie of either of them, or neither where only its
-- publication type does; the date is that of the notice, where the notice is held and gives one. Where a corrected version
-- took its place, that is the notice as well.
-- Example: SELECT pmid, notice_pmid, notice_date, title FROM retraction ORDER BY notice_date DESC;
CREATE VIEW retraction AS
WITH tie AS (
    SELECT pmid, related_pmid AS notice_pmid, ref_source AS notice_source, ref_type
    FROM correction WHERE ref_type IN ('RetractionIn', 'RetractedandRepublishedIn')
    UNION ALL
    SELECT related_pmid, pmid, NULL, ref_type
    FROM correction
    WHERE ref_type IN ('RetractionOf', 'RetractedandRepublishedFrom') AND related_pmid IS NOT NULL
        AND pmid NOT IN (SELECT pmid FROM deleted_citation)
    UNION ALL
    SELECT pmid, NULL, NULL, NULL FROM citation WHERE is_retracted
),
known AS (
    SELECT
        pmid, notice_pmid, max(notice_source) AS notice_source,
        bool_or(starts_with(ref_type, 'RetractedandRepublished')) AS is_republished
    FROM tie GROUP BY pmid, notice_pmid
    -- What no tie names a notice for has one row; what one does has none without it.
    QUALIFY notice_pmid IS NOT NULL OR count(*) OVER (PARTITION BY pmid) = 1
)
SELECT
    known.pmid,
    paper.pub_year AS year,
    shown_title(paper.article_title, paper.vernacular_title, NULL) AS title,
    paper.medline_ta AS journal,
    notice_pmid,
    notice_source,
    notice.pub_date AS notice_date,
    notice.pub_year AS notice_year,
    CASE WHEN is_republished THEN notice_pmid END AS republished_pmid,
    paper.pmid IS NOT NULL AS is_held
FROM known
LEFT JOIN citation AS paper ON paper.pmid = known.pmid
LEFT JOIN citation AS notice ON notice.pmid = notice_pmid;
