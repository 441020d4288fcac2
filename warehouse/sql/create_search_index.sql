-- One row is: a word of a citation in a field, as it stands there: lower-case, without accents, stop words included.
-- Table posting_list has the same as lists.
-- Example: SELECT pmid FROM program.search_index WHERE word = 'ketamine' AND field = 'title';
CREATE VIEW program.search_index AS
SELECT word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count FROM program.posting_list;
