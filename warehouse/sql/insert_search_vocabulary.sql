-- Words that are new to the vocabulary, those of `arrow_stem`, which has their stems as well.
INSERT INTO search_vocabulary
SELECT word, CASE WHEN NOT search_stop(word) THEN stem END FROM arrow_stem;
