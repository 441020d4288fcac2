-- One row per citation, wide: what most questions need, with authors and MeSH as lists in their order.
-- Example: SELECT pmid, title, year FROM article WHERE list_contains(mesh, 'Ketamine') AND NOT is_retracted ORDER BY year DESC;
CREATE VIEW article AS
WITH current_member AS (
    SELECT DISTINCT pmid FROM member WHERE until_run_id IS NULL
)
SELECT
    citation.pmid,
    shown_title(article_title, vernacular_title, book_title) AS title,
    citation.abstract,
    coalesce(citation.medline_ta, citation.iso_abbreviation, citation.journal_title, book.book_title) AS journal,
    citation.pub_year AS year,
    citation.volume,
    citation.issue,
    coalesce(citation.medline_pgn, nullif(concat_ws('-', citation.start_page, citation.end_page), '')) AS pages,
    coalesce(citation.issn_linking, citation.issn) AS issn,
    article_list.languages,
    citation.doi,
    article_list.normal_doi,
    citation.pmc_id,
    article_list.authors,
    article_list.first_affiliation,
    article_list.mesh,
    article_list.publication_types,
    retracted.pmid IS NOT NULL AS is_retracted,
    deleted_citation.pmid IS NOT NULL AS is_deleted,
    current_member.pmid IS NOT NULL AS is_member,
    citation.source
FROM citation
LEFT JOIN book USING (pmid)
LEFT JOIN program.article_list USING (pmid)
LEFT JOIN retracted USING (pmid)
LEFT JOIN deleted_citation USING (pmid)
LEFT JOIN current_member USING (pmid);
