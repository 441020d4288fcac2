-- Fields in which a seed page and the record disagree about a PMID: of the page's own citation before its entries.
-- A conflict is a value of the page that the record's does not contain: programs that extract pages cut titles and DOIs at
-- line breaks. Compared are letters and digits alone; a journal agrees with any of its names, a DOI with any of the
-- record's own; what either side does not say is no conflict.
INSERT INTO conflict
WITH seed_citation_value AS (
    SELECT pmid, seed_id, '' AS list_name, 0 AS citation_order, title, doi, journal, pub_year
    FROM seed_document WHERE NOT is_removed
    UNION ALL
    SELECT pmid, seed_id, list_name, citation_order, title, doi, journal, pub_year
    FROM seed_citation WHERE pmid IS NOT NULL
),
seed_value AS (
    SELECT pmid, seed_id, list_name, citation_order, 'article_title' AS column_name, title AS seed_value
    FROM seed_citation_value
    UNION ALL SELECT pmid, seed_id, list_name, citation_order, 'doi', doi FROM seed_citation_value
    UNION ALL SELECT pmid, seed_id, list_name, citation_order, 'medline_ta', journal FROM seed_citation_value
    UNION ALL
    SELECT pmid, seed_id, list_name, citation_order, 'pub_year', CAST(pub_year AS VARCHAR) FROM seed_citation_value
),
delivered AS (
    SELECT pmid, article_title, doi, medline_ta, iso_abbreviation, journal_title, pub_year
    FROM citation SEMI JOIN seed_value USING (pmid) WHERE source <> 'seed'
),
-- The names that a value goes by, the one that is shown first.
entrez_value AS (
    SELECT pmid, 'article_title' AS column_name, 1 AS choice, article_title AS entrez_value FROM delivered
    UNION ALL SELECT pmid, 'doi', 1, doi FROM delivered
    UNION ALL SELECT pmid, 'doi', 2, article_id FROM article_id SEMI JOIN delivered USING (pmid) WHERE id_type = 'doi'
    UNION ALL SELECT pmid, 'doi', 3, elocation_id
    FROM elocation_id SEMI JOIN delivered USING (pmid) WHERE eid_type = 'doi'
    UNION ALL SELECT pmid, 'medline_ta', 1, medline_ta FROM delivered
    UNION ALL SELECT pmid, 'medline_ta', 2, iso_abbreviation FROM delivered
    UNION ALL SELECT pmid, 'medline_ta', 3, journal_title FROM delivered
    UNION ALL SELECT pmid, 'pub_year', 1, CAST(pub_year AS VARCHAR) FROM delivered
),
compared_seed AS (
    SELECT *, regexp_replace(lower(nfc_normalize(
        CASE WHEN column_name = 'doi' THEN coalesce(normal_doi(seed_value), seed_value) ELSE seed_value END
    )), '[^\p{L}\p{N}]', '', 'g') AS compared
    FROM seed_value
),
compared_entrez AS (
    SELECT *, regexp_replace(lower(nfc_normalize(
        CASE WHEN column_name = 'doi' THEN coalesce(normal_doi(entrez_value), entrez_value) ELSE entrez_value END
    )), '[^\p{L}\p{N}]', '', 'g') AS compared
    FROM entrez_value
),
shown_entrez AS (
    SELECT pmid, column_name, arg_min(entrez_value, choice) AS entrez_value
    FROM compared_entrez WHERE compared <> '' GROUP BY pmid, column_name
)
SELECT pmid, column_name, seed_value, entrez_value, seed_id
FROM compared_seed
JOIN shown_entrez USING (pmid, column_name)
ANTI JOIN compared_entrez
    ON compared_entrez.pmid = compared_seed.pmid AND compared_entrez.column_name = compared_seed.column_name
    AND contains(compared_entrez.compared, compared_seed.compared)
WHERE compared <> ''
QUALIFY row_number() OVER (
    PARTITION BY pmid, column_name ORDER BY list_name <> '', seed_id, list_name, citation_order
) = 1
ORDER BY pmid, column_name;
