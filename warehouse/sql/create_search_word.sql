-- The words of a text that count in a search by relevance: as search_split has them, without stop words.
-- Example: SELECT search_word('The role of ketamine in treatment-resistant depression');
CREATE MACRO search_word(words) AS list_filter(search_split(words), lambda word: NOT search_stop(word));
