-- Words that are new to the vocabulary, those of `new_word`, which has their stems as well.
INSERT INTO search_vocabulary
SELECT word, CASE WHEN NOT search_stop(word) THEN stem END FROM new_word;
