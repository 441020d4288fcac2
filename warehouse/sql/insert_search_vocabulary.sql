-- The words of the index that the vocabulary does not have yet.
INSERT INTO search_vocabulary
WITH unknown AS (
    SELECT DISTINCT word FROM search_index SEMI JOIN indexed USING (pmid)
    WHERE pmid BETWEEN $first AND $last AND word NOT IN (SELECT word FROM search_vocabulary)
),
counting AS (
    SELECT unnest(search_word(array_to_string(list(word), ' '))) AS word FROM unknown
),
stem AS (
    FROM search_stem((SELECT list(word) FROM counting))
)
SELECT unknown.word, stem.stem FROM unknown LEFT JOIN stem USING (word) ORDER BY unknown.word;
