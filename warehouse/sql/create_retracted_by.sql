-- The citations held that the runs from one to another brought as retracted, made retracted, or brought the notice of.
-- What they were before is not asked: one that was retracted, and is no longer, is not among them.
-- Example: SELECT pmid FROM retracted_by('20261101', '20261201');
CREATE MACRO retracted_by(first_run_id, last_run_id) AS TABLE
WITH changed AS (
    SELECT pmid, table_name, column_name, before, after FROM change WHERE run_id BETWEEN first_run_id AND last_run_id
),
brought AS (
    SELECT pmid FROM changed
    WHERE table_name = 'citation' AND (
        (column_name = 'is_retracted' AND after = 'true') OR (column_name = 'pmid' AND after IS NOT NULL)
    )
),
-- The notice is new, or its tie is.
told AS (
    SELECT related_pmid AS pmid FROM correction
    WHERE ref_type IN ('RetractionOf', 'RetractedandRepublishedFrom') AND (
        pmid IN (FROM brought)
        OR (pmid, ref_type || ' ' || CASE WHEN is_by_doi THEN ref_source ELSE related_pmid::VARCHAR END) IN (
            SELECT pmid, after FROM changed WHERE table_name = 'comment_correction' AND after IS NOT NULL
        )
    )
)
SELECT pmid FROM citation SEMI JOIN retracted USING (pmid) SEMI JOIN (FROM brought UNION ALL FROM told) USING (pmid)
ORDER BY pmid;
