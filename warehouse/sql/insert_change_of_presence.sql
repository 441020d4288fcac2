-- The citations that came, went, were withdrawn, or were delivered again after that with the runs. Assumes the temp_* tables.
-- Example: run A delivers PMID 7, run B withdraws it, run C delivers it again. `withdrawal` has (A, null, before null),
-- (B, DeleteCitation, before null), (C, null, before DeleteCitation); `step_citation` has A to C. The changes are
-- A: citation.pmid null to 7; B: deleted_citation.evidence null to DeleteCitation; C: the same back to null.
INSERT INTO change
WITH withdrawn_or_delivered AS (
    SELECT pmid, run_id, evidence FROM run_deleted_citation
    UNION ALL
    SELECT pmid, run_id, NULL FROM run_citation SEMI JOIN run_deleted_citation USING (pmid) WHERE source <> 'seed'
),
-- A run that has both withdrew what it had delivered.
withdrawal AS (
    SELECT pmid, run_id, evidence,
        lag(evidence) OVER (PARTITION BY pmid ORDER BY run_id, evidence NULLS FIRST) AS evidence_before
    FROM withdrawn_or_delivered
),
changed AS (
    -- A citation that came: no row of it ended in the run in which this one began.
    SELECT run_id, pmid, 'citation' AS table_name, 'pmid' AS column_name, NULL AS before, CAST(pmid AS VARCHAR) AS after
    FROM (
        SELECT pmid, run_id FROM new_citation ANTI JOIN version_citation USING (pmid)
        UNION ALL
        SELECT pmid, run_id FROM new_citation SEMI JOIN version_citation USING (pmid, run_id)
    ) AS came
    ANTI JOIN step_citation ON step_citation.pmid = came.pmid AND step_citation.after_run_id = came.run_id
    UNION ALL
    -- Seed text that went with its page.
    SELECT until_run_id, pmid, 'citation', 'pmid', CAST(pmid AS VARCHAR), NULL
    FROM version_citation AS went
    ANTI JOIN step_citation ON step_citation.pmid = went.pmid AND step_citation.before_run_id = went.run_id
    WHERE until_run_id IS NOT NULL
    UNION ALL
    SELECT run_id, pmid, 'deleted_citation', 'evidence', evidence_before, evidence
    FROM withdrawal
    WHERE evidence IS DISTINCT FROM evidence_before AND run_id IN (SELECT run_id FROM new_run)
)
SELECT run_id, pmid, table_name, column_name,
    row_number() OVER (PARTITION BY run_id, pmid, table_name, column_name ORDER BY before, after), before, after
FROM changed
ORDER BY run_id, pmid, table_name, column_name, 5;
