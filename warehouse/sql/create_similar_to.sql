-- What is similar to a PMID, by NCBI's score and then by the order of the lists; title and year are null where it is not
-- held. The score is null where only a seed page says so.
-- Example: SELECT pmid, score, title FROM similar_to(25217177) LIMIT 10;
CREATE MACRO similar_to(of_pmid) AS TABLE
WITH neighbour AS (
    SELECT linked_pmid, max(score) AS score, min(link_order) AS link_order, list(DISTINCT source ORDER BY source) AS sources
    FROM link WHERE link_kind = 'similar' AND pmid = of_pmid
    GROUP BY linked_pmid
)
SELECT linked_pmid AS pmid, score, pub_year AS year, shown_title(article_title, vernacular_title, book_title) AS title,
    CASE WHEN citation.pmid IS NOT NULL THEN linked_pmid IN (SELECT pmid FROM retracted) END AS is_retracted, sources
FROM neighbour
LEFT JOIN citation ON citation.pmid = linked_pmid
LEFT JOIN book ON book.pmid = linked_pmid
ORDER BY score DESC NULLS LAST, link_order, linked_pmid;
