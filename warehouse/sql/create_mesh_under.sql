-- The MeSH headings at and below a heading in the tree, by its name, one of its entry terms, or its identifier; the
-- heading itself is at depth 0. Without MeSH (`corpus mesh`) there is none. Qualifiers have a tree as well.
-- Example: SELECT descriptor_name, depth FROM mesh_under('Depressive Disorder');
CREATE MACRO mesh_under(heading) AS TABLE
WITH found AS (
    SELECT below_ui, min(depth) AS depth FROM program.mesh_below
    WHERE mesh_ui IN (SELECT mesh_ui FROM program.mesh_name WHERE name_key = mesh_key(heading))
    GROUP BY below_ui
)
SELECT below_ui AS descriptor_ui, coalesce(descriptor_name, qualifier_name) AS descriptor_name, depth
FROM found
LEFT JOIN mesh_descriptor ON mesh_descriptor.descriptor_ui = below_ui
LEFT JOIN mesh_qualifier ON qualifier_ui = below_ui
ORDER BY depth, descriptor_name;
