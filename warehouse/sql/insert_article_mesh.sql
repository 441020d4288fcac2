-- The MeSH descriptors of some citations, those of table `listed`.
INSERT INTO article_mesh
SELECT pmid, descriptor_name, any_value(descriptor_ui), ui_number(any_value(descriptor_ui)), any_value(pub_year),
    coalesce(bool_or(is_descriptor_major OR is_qualifier_major), false)
FROM mesh_heading SEMI JOIN listed USING (pmid) JOIN citation USING (pmid)
GROUP BY pmid, descriptor_name
ORDER BY descriptor_name, pmid;
