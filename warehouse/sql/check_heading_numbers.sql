-- Two headings of MeSH have one number: see macro ui_number.
SELECT ui_number(descriptor_ui) AS number, list(descriptor_ui) FROM mesh_descriptor
GROUP BY number HAVING count(*) > 1;
