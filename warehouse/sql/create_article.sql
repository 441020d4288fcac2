-- One row a citation, wide: what most questions need, with authors and MeSH as lists in their order.
-- Example: SELECT pmid, title, year FROM article WHERE list_contains(mesh, 'Ketamine') AND NOT is_retracted ORDER BY year DESC;
CREATE VIEW article AS
WITH author_list AS (
    SELECT pmid, list(coalesce(collective_name, concat_ws(' ', last_name, initials)) ORDER BY author_order) AS authors
    FROM author GROUP BY pmid
),
mesh_list AS (
    SELECT pmid, list(descriptor_name ORDER BY heading_order) AS mesh
    FROM mesh_heading WHERE qualifier_order = 1 GROUP BY pmid
),
type_list AS (
    SELECT pmid, list(publication_type ORDER BY publication_type_order) AS publication_types
    FROM publication_type GROUP BY pmid
),
current_member AS (
    SELECT DISTINCT pmid FROM member WHERE until_run_id IS NULL
)
SELECT
    citation.pmid,
    coalesce(citation.article_title, book.book_title) AS title,
    citation.abstract,
    coalesce(citation.medline_ta, citation.iso_abbreviation, citation.journal_title, book.book_title) AS journal,
    citation.pub_year AS year,
    citation.doi,
    citation.pmc_id,
    coalesce(author_list.authors, []) AS authors,
    coalesce(mesh_list.mesh, []) AS mesh,
    coalesce(type_list.publication_types, []) AS publication_types,
    citation.is_retracted,
    deleted_citation.pmid IS NOT NULL AS is_deleted,
    current_member.pmid IS NOT NULL AS is_member,
    citation.source
FROM citation
LEFT JOIN book USING (pmid)
LEFT JOIN author_list USING (pmid)
LEFT JOIN mesh_list USING (pmid)
LEFT JOIN type_list USING (pmid)
LEFT JOIN deleted_citation USING (pmid)
LEFT JOIN current_member USING (pmid);
