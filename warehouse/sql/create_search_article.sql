-- What `search` finds, best first, with the columns of `article`.
-- Example: SELECT pmid, score, year, title FROM search_article('ketamine depression') LIMIT 10;
CREATE MACRO search_article(question) AS TABLE
SELECT score, article.* FROM search(question) JOIN article USING (pmid) ORDER BY score DESC, pmid;
