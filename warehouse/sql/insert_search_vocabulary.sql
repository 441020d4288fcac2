-- The words of some citations, those of `different_word`, that the vocabulary does not have yet.
INSERT INTO search_vocabulary
WITH unknown AS (
    FROM different_word ANTI JOIN search_vocabulary USING (word)
),
counting AS (
    FROM unknown WHERE NOT search_stop(word)
),
stem AS (
    FROM search_stem((SELECT list(word) FROM counting))
)
SELECT unknown.word, stem.stem FROM unknown LEFT JOIN stem USING (word) ORDER BY unknown.word;
