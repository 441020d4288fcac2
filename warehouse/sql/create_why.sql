-- Why a PMID is in the corpus, one row per reason and step: first its own reasons, then, for what came through a link, those
-- of the PMID whose neighbour it is, down to the seed; since when (UTC), until when if it has ceased, and which sources
-- have the link.
-- Example: SELECT step, pmid, reason, via, since FROM why(19897179);
CREATE MACRO why(of_pmid) AS TABLE
WITH RECURSIVE way AS (
    SELECT 0 AS step, pmid, reason, via, depth, since_run_id, until_run_id FROM member WHERE pmid = of_pmid
    UNION
    SELECT step + 1, origin.pmid, origin.reason, origin.via, origin.depth, origin.since_run_id, origin.until_run_id
    FROM way
    JOIN member AS origin ON origin.pmid = TRY_CAST(way.via AS BIGINT) AND origin.depth < way.depth
    WHERE way.reason IN ('similar', 'cited_by', 'reference')
)
SELECT
    step,
    way.pmid,
    way.reason,
    via,
    coalesce(
        shown_title(via_citation.article_title, via_citation.vernacular_title, via_book.book_title), seed_document.title
    ) AS via_title,
    began.finished_at AS since,
    ended.finished_at AS until,
    (SELECT list(DISTINCT source ORDER BY source) FROM link
        WHERE link.pmid = TRY_CAST(via AS BIGINT) AND linked_pmid = way.pmid AND link_kind = way.reason) AS link_sources
FROM way
LEFT JOIN run AS began ON began.run_id = since_run_id
LEFT JOIN run AS ended ON ended.run_id = until_run_id
LEFT JOIN citation AS via_citation
    ON way.reason IN ('similar', 'cited_by', 'reference') AND via_citation.pmid = TRY_CAST(via AS BIGINT)
LEFT JOIN book AS via_book ON via_book.pmid = via_citation.pmid
LEFT JOIN seed_document ON way.reason = 'seed' AND seed_id = via
ORDER BY step, way.pmid, way.reason, via;
