-- Creates counted_run: the runs whose answers count. What the sample answered is no answer for a real refresh; for one
-- of the sample everything counts, and what another source brought (is_beyond_sample) is not asked of the sample.
-- $is_sample: whether Entrez is the sample.
CREATE TEMP TABLE counted_run AS
SELECT
    run_id,
    run_kind,
    started_at,
    is_complete,
    row_number() OVER (ORDER BY run_id) AS run_order,
    CAST($is_sample AS BOOLEAN) AND run_source <> 'sample' AS is_beyond_sample
FROM state.run
WHERE CAST($is_sample AS BOOLEAN) OR run_source <> 'sample';
