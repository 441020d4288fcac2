-- The terms of the titles and abstracts of some citations, those of table `indexed`.
INSERT INTO search_term
WITH written AS (
    SELECT pmid, unnest(search_word(concat_ws(' ', coalesce(article_title, book_title), abstract))) AS word
    FROM citation LEFT JOIN book USING (pmid)
    WHERE pmid IN (SELECT pmid FROM indexed)
),
counted AS (
    SELECT pmid, word, count(*) AS word_count FROM written GROUP BY pmid, word
),
stem AS (
    FROM search_stem((SELECT list(DISTINCT word) FROM counted))
)
SELECT stem.stem AS term, pmid, sum(word_count)
FROM counted JOIN stem USING (word)
GROUP BY stem.stem, pmid
ORDER BY term, pmid;
