-- The names of headings and qualifiers, each once a record, in the order in which they are looked up.
INSERT INTO mesh_name
WITH named AS (
    SELECT mesh_kind, mesh_key(term_name) AS name_key, mesh_ui, is_preferred_term
    FROM mesh_term WHERE mesh_kind IN ('descriptor', 'qualifier')
    UNION ALL
    SELECT mesh_kind, lower(mesh_ui), mesh_ui, true
    FROM mesh_term WHERE mesh_kind IN ('descriptor', 'qualifier') AND is_preferred_term
    UNION ALL
    SELECT 'qualifier', mesh_key(abbreviation), qualifier_ui, true FROM mesh_qualifier WHERE abbreviation IS NOT NULL
)
SELECT mesh_kind, name_key, mesh_ui, bool_or(is_preferred_term) FROM named GROUP BY ALL
ORDER BY name_key, mesh_kind, mesh_ui;
