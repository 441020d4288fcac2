-- Everything that a search looks through, by citation and field: what the words of view search_index stand in. Fields
-- are title, abstract, keyword, affiliation, indexing (headings, substances, types), name, journal, vernacular_title,
-- conflict_of_interest and other.
-- Example: SELECT field, text FROM search_text WHERE pmid = 25217177;
CREATE VIEW search_text AS
SELECT pmid, 'title' AS field, article_title AS text FROM citation WHERE article_title IS NOT NULL
UNION ALL
SELECT pmid, 'title', book_title FROM book WHERE book_title IS NOT NULL
UNION ALL
SELECT pmid, 'abstract', abstract FROM citation WHERE abstract IS NOT NULL
UNION ALL
SELECT pmid, 'keyword', keyword FROM keyword
UNION ALL
SELECT pmid, 'affiliation', affiliation FROM affiliation
UNION ALL
SELECT pmid, 'indexing', descriptor_name FROM program.article_mesh
UNION ALL
SELECT pmid, 'indexing', qualifier_name FROM mesh_heading WHERE qualifier_name <> ''
UNION ALL
SELECT pmid, 'indexing', substance_name FROM substance
UNION ALL
SELECT pmid, 'indexing', supplementary_name FROM supplementary_mesh
UNION ALL
SELECT pmid, 'indexing', publication_type FROM publication_type
UNION ALL
SELECT pmid, 'indexing', gene_symbol FROM gene_symbol
UNION ALL
SELECT pmid, 'name', concat_ws(' ', last_name, fore_name, initials, suffix, collective_name) FROM author
UNION ALL
SELECT pmid, 'name', concat_ws(' ', last_name, fore_name, initials, suffix, collective_name) FROM investigator
UNION ALL
SELECT pmid, 'name', concat_ws(' ', last_name, fore_name, initials, suffix) FROM personal_name_subject
UNION ALL
SELECT pmid, 'journal', concat_ws(' / ', medline_ta, iso_abbreviation, journal_title) FROM citation
UNION ALL
SELECT pmid, 'vernacular_title', vernacular_title FROM citation WHERE vernacular_title IS NOT NULL
UNION ALL
SELECT pmid, 'conflict_of_interest', coi_statement FROM citation WHERE coi_statement IS NOT NULL
UNION ALL
SELECT pmid, 'other', section_text FROM abstract_section WHERE abstract_kind <> 'main'
UNION ALL
SELECT pmid, 'other', concat_ws(' ', grant_id, acronym, agency, country) FROM grant_support
UNION ALL
SELECT pmid, 'other', accession_number FROM accession;
