-- What cites a PMID, by all sources; title and year are null where the citing one is not held.
-- Example: SELECT pmid, year, title FROM cited_by(25217177) ORDER BY year DESC;
CREATE MACRO cited_by(of_pmid) AS TABLE
SELECT citing_pmid AS pmid, pub_year AS year, shown_title(article_title, vernacular_title, book_title) AS title,
    CASE WHEN citation.pmid IS NOT NULL THEN citing_pmid IN (SELECT pmid FROM retracted) END AS is_retracted, sources
FROM citing
LEFT JOIN citation ON citation.pmid = citing_pmid
LEFT JOIN book ON book.pmid = citing_pmid
WHERE cited_pmid = of_pmid
ORDER BY 1;
