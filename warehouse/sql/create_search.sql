-- The citations that have any of some words in a title or the abstract, best first by BM25 (k1 = 1.2, b = 0.75) over
-- the stems of the words; stop words do not count. It has two columns, so that it joins any table by pmid;
-- `search_article` has those of `article` as well.
-- Example: SELECT pmid, score, journal FROM search('ketamine depression') JOIN article USING (pmid) WHERE year > 2014;
CREATE MACRO search(question) AS TABLE
WITH asked AS (
    SELECT DISTINCT stem AS term FROM search_stem(search_word(question))
),
found AS (
    SELECT term, pmid, sum(word_count) AS term_count, count(*) OVER (PARTITION BY term) AS citation_count
    FROM program.search_index
    JOIN (SELECT word, stem AS term FROM program.search_vocabulary WHERE stem IN (FROM asked)) USING (word)
    WHERE field IN ('title', 'abstract', 'vernacular_title')
    GROUP BY term, pmid
),
corpus AS (
    SELECT count(*) AS citation_count, avg(term_count) AS term_count FROM program.search_length
),
scored AS (
    SELECT pmid, sum(
        ln(1 + (corpus.citation_count - found.citation_count + 0.5) / (found.citation_count + 0.5))
        * found.term_count * 2.2
        / (found.term_count + 1.2 * (0.25 + 0.75 * search_length.term_count / corpus.term_count))
    ) AS score
    FROM found JOIN program.search_length USING (pmid) CROSS JOIN corpus
    GROUP BY pmid
)
SELECT pmid, round(score, 3) AS score FROM scored ORDER BY scored.score DESC, pmid;
