-- What a run changed, for its report: kind (retracted, retracted_new, deleted, changed, coverage), table, column, PMID, number.
-- Parameter: $run_id.
SELECT if(came.pmid IS NULL, 'retracted', 'retracted_new') AS kind, '' AS table_name, '' AS column_name,
    brought.pmid, NULL::DOUBLE AS number
FROM retracted_by($run_id, $run_id) AS brought
LEFT JOIN (
    SELECT DISTINCT pmid FROM change
    WHERE run_id = $run_id AND table_name = 'citation' AND column_name = 'pmid' AND after IS NOT NULL
) AS came USING (pmid)
UNION ALL
SELECT 'deleted', '', '', pmid, NULL
FROM change WHERE run_id = $run_id AND table_name = 'deleted_citation' AND before IS NULL
UNION ALL
SELECT 'changed', table_name, column_name, NULL, count(DISTINCT pmid)
FROM change
WHERE run_id = $run_id
GROUP BY table_name, column_name
UNION ALL
SELECT 'coverage', '', 'an abstract', NULL, avg((abstract IS NOT NULL)::INTEGER) FROM citation
UNION ALL
SELECT 'coverage', '', 'a DOI', NULL, avg((doi IS NOT NULL)::INTEGER) FROM citation
UNION ALL
SELECT 'coverage', '', 'MeSH', NULL, avg((pmid IN (SELECT pmid FROM mesh_heading))::INTEGER) FROM citation
ORDER BY kind, number DESC NULLS LAST, table_name, column_name, pmid
