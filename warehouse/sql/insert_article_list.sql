-- What some citations, those of table `listed`, have in the views article and duplicate.
INSERT INTO article_list
WITH valid_author AS (
    SELECT pmid, author_order, shown_name(last_name, initials, suffix, collective_name) AS author_name
    FROM author SEMI JOIN listed USING (pmid) WHERE is_valid IS DISTINCT FROM false
),
author_list AS (
    SELECT pmid, list(author_name ORDER BY author_order) AS authors FROM valid_author GROUP BY pmid
),
-- An affiliation of the whole article has no author.
affiliation_list AS (
    SELECT pmid, arg_min(affiliation, (author_order, affiliation_order)) AS first_affiliation
    FROM affiliation SEMI JOIN listed USING (pmid)
    WHERE affiliation <> '' AND (author_order = 0 OR (pmid, author_order) IN (SELECT pmid, author_order FROM valid_author))
    GROUP BY pmid
),
mesh_list AS (
    SELECT pmid, list(descriptor_name ORDER BY heading_order) AS mesh
    FROM mesh_heading SEMI JOIN listed USING (pmid) WHERE qualifier_order = 1 GROUP BY pmid
),
type_list AS (
    SELECT pmid, list(publication_type ORDER BY publication_type_order) AS publication_types
    FROM publication_type SEMI JOIN listed USING (pmid) GROUP BY pmid
),
language_list AS (
    SELECT pmid, list(language ORDER BY language_order) AS languages
    FROM language SEMI JOIN listed USING (pmid) GROUP BY pmid
),
keyed AS (
    SELECT pmid, normal_doi(doi) AS normal_doi, regexp_replace(
        search_fold(shown_title(article_title, vernacular_title, book_title)), '[^\p{L}\p{N}]', '', 'g'
    ) AS letters
    FROM citation SEMI JOIN listed USING (pmid) LEFT JOIN book USING (pmid)
)
SELECT pmid, coalesce(authors, []), coalesce(mesh, []), coalesce(publication_types, []), coalesce(languages, []),
    first_affiliation, normal_doi, CASE WHEN length(letters) >= 15 THEN ('0x' || md5(letters)[:15])::BIGINT END
FROM listed
LEFT JOIN author_list USING (pmid)
LEFT JOIN affiliation_list USING (pmid)
LEFT JOIN mesh_list USING (pmid)
LEFT JOIN type_list USING (pmid)
LEFT JOIN language_list USING (pmid)
LEFT JOIN keyed USING (pmid)
ORDER BY pmid;
