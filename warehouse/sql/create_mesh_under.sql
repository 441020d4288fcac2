-- The MeSH headings at and below a heading in the tree, by its name, one of its entry terms, or its identifier; the
-- heading itself is at depth 0. Without MeSH (`corpus mesh`) there is none. Qualifiers have a tree as well.
-- Example: SELECT descriptor_name, depth FROM mesh_under('Depressive Disorder');
CREATE MACRO mesh_under(heading) AS TABLE
WITH asked AS (
    SELECT DISTINCT mesh_ui FROM mesh_term
    WHERE mesh_kind IN ('descriptor', 'qualifier') AND (mesh_ui = upper(heading) OR lower(term_name) = lower(heading))
),
record AS (
    SELECT descriptor_ui AS mesh_ui, descriptor_name FROM mesh_descriptor
    UNION ALL
    SELECT qualifier_ui, qualifier_name FROM mesh_qualifier
),
root AS (
    SELECT tree_number, len(string_split(tree_number, '.')) AS depth FROM mesh_tree_number SEMI JOIN asked USING (mesh_ui)
),
below AS (
    SELECT mesh_ui, min(len(string_split(place.tree_number, '.')) - root.depth) AS depth
    FROM mesh_tree_number AS place
    JOIN root ON place.tree_number = root.tree_number OR starts_with(place.tree_number, root.tree_number || '.')
    GROUP BY mesh_ui
    UNION ALL
    -- A heading such as Male has no place in the tree.
    SELECT mesh_ui, 0 FROM asked ANTI JOIN mesh_tree_number USING (mesh_ui)
)
SELECT mesh_ui AS descriptor_ui, descriptor_name, depth FROM below JOIN record USING (mesh_ui)
ORDER BY depth, descriptor_name;
