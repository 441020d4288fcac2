-- What a PMID cites, by all sources; title and year are null where the cited one is not held.
-- Example: FROM cites(25217177);
CREATE MACRO cites(of_pmid) AS TABLE
SELECT cited_pmid AS pmid, pub_year AS year, shown_title(article_title, vernacular_title, book_title) AS title,
    CASE WHEN citation.pmid IS NOT NULL THEN cited_pmid IN (SELECT pmid FROM retracted) END AS is_retracted, sources
FROM citing
LEFT JOIN citation ON citation.pmid = cited_pmid
LEFT JOIN book ON book.pmid = cited_pmid
WHERE citing_pmid = of_pmid
ORDER BY 1;
