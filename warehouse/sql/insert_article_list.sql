-- The lists of the view article of some citations, those of table `listed`.
INSERT INTO article_list
WITH author_list AS (
    SELECT pmid, list(coalesce(collective_name, concat_ws(' ', last_name, initials)) ORDER BY author_order) AS authors
    FROM author SEMI JOIN listed USING (pmid) GROUP BY pmid
),
mesh_list AS (
    SELECT pmid, list(descriptor_name ORDER BY heading_order) AS mesh
    FROM mesh_heading SEMI JOIN listed USING (pmid) WHERE qualifier_order = 1 GROUP BY pmid
),
type_list AS (
    SELECT pmid, list(publication_type ORDER BY publication_type_order) AS publication_types
    FROM publication_type SEMI JOIN listed USING (pmid) GROUP BY pmid
)
SELECT pmid, coalesce(authors, []), coalesce(mesh, []), coalesce(publication_types, [])
FROM listed
LEFT JOIN author_list USING (pmid)
LEFT JOIN mesh_list USING (pmid)
LEFT JOIN type_list USING (pmid)
ORDER BY pmid;
