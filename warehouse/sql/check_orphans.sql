-- Every author, MeSH heading, reference and abstract section belongs to a citation.
SELECT 'author' AS table_name, pmid FROM checked_author ANTI JOIN citation USING (pmid)
UNION ALL SELECT 'mesh_heading', pmid FROM checked_mesh_heading ANTI JOIN citation USING (pmid)
UNION ALL SELECT 'cited_reference', pmid FROM checked_cited_reference ANTI JOIN citation USING (pmid)
UNION ALL SELECT 'abstract_section', pmid FROM checked_abstract_section ANTI JOIN citation USING (pmid);
