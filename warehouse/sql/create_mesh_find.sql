-- The MeSH headings, qualifiers and supplementary records of which a name has all of some words, the shortest names
-- first; `term_name` is the name that has them.
-- Example: SELECT mesh_ui, mesh_name, term_name FROM mesh_find('heart attack');
CREATE MACRO mesh_find(words) AS TABLE
WITH record AS (
    SELECT descriptor_ui AS mesh_ui, descriptor_name AS mesh_name FROM mesh_descriptor
    UNION ALL
    SELECT qualifier_ui, qualifier_name FROM mesh_qualifier
    UNION ALL
    SELECT supplementary_ui, supplementary_name FROM mesh_supplementary
),
named AS (
    SELECT mesh_ui, term_name
    FROM mesh_term
    WHERE list_has_all(
        regexp_extract_all(lower(strip_accents(nfc_normalize(term_name))), '[\p{L}\p{N}]+'),
        regexp_extract_all(lower(strip_accents(nfc_normalize(words))), '[\p{L}\p{N}]+')
    )
)
SELECT mesh_ui, mesh_name, arg_min(term_name, (length(term_name), term_name)) AS term_name
FROM named JOIN record USING (mesh_ui)
GROUP BY mesh_ui, mesh_name
ORDER BY min(length(named.term_name)), mesh_name;
