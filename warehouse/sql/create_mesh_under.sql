-- The MeSH headings at and below a heading in the tree, by its name, one of its entry terms, or its identifier; the
-- heading itself is at depth 0. Without MeSH (`corpus mesh`) there is none. Qualifiers have a tree as well.
-- Example: SELECT descriptor_name, depth FROM mesh_under('Depressive Disorder');
CREATE MACRO mesh_under(heading) AS TABLE
WITH asked AS (
    SELECT mesh_ui FROM program.mesh_name WHERE name_key = mesh_key(heading)
),
found AS (
    -- A heading such as Male has no place in the tree.
    SELECT mesh_ui, 0 AS depth FROM asked
    UNION ALL
    -- What stands below C04 begins with `C04.`, and `/` is the character after the dot.
    SELECT place.mesh_ui, len(string_split(place.tree_number, '.')) - len(string_split(root.tree_number, '.'))
    FROM mesh_tree_number AS place
    JOIN (FROM mesh_tree_number SEMI JOIN asked USING (mesh_ui)) AS root
        ON place.tree_number >= root.tree_number AND place.tree_number < root.tree_number || '/'
)
SELECT mesh_ui AS descriptor_ui, coalesce(any_value(descriptor_name), any_value(qualifier_name)) AS descriptor_name,
    min(depth) AS depth
FROM found
LEFT JOIN mesh_descriptor ON mesh_descriptor.descriptor_ui = mesh_ui
LEFT JOIN mesh_qualifier ON qualifier_ui = mesh_ui
GROUP BY mesh_ui
ORDER BY depth, 2;
