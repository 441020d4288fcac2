-- Each heading and qualifier with those below it in the tree, itself included: what stands below C04 begins with `C04.`.
INSERT INTO mesh_below
WITH place AS (
    SELECT mesh_ui, string_split(tree_number, '.') AS steps FROM mesh_tree_number
),
above AS (
    SELECT mesh_ui, steps, unnest(range(1, len(steps) + 1)) AS step_count FROM place
),
found AS (
    SELECT root.mesh_ui, above.mesh_ui AS below_ui, len(steps) - step_count AS depth
    FROM above JOIN mesh_tree_number AS root ON root.tree_number = array_to_string(steps[:step_count], '.')
    UNION ALL
    -- A heading such as Male has no place in the tree.
    SELECT descriptor_ui, descriptor_ui, 0 FROM mesh_descriptor
    UNION ALL
    SELECT qualifier_ui, qualifier_ui, 0 FROM mesh_qualifier
)
SELECT mesh_ui, below_ui, min(depth) FROM found GROUP BY mesh_ui, below_ui ORDER BY mesh_ui, below_ui;
