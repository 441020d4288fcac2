-- Creates wanted: the members to ask for whatever NCBI says of revisions, with the first reason that applies, and after
-- them, without a reason, those that are held and not due. Members are what was found and what a backfill brought; a
-- PMID that is neither held nor due is left out.
-- $missing_before, $in_process_before, $aged_before: times before which an answer is too old (UTC).
CREATE OR REPLACE TEMP TABLE wanted AS
WITH member_pmid AS (
    SELECT pmid FROM found_member
    UNION
    SELECT pmid FROM state.member WHERE reason = 'backfill' AND until_run_id IS NULL
),
known AS (
    SELECT member_pmid.pmid, held_citation.pmid IS NOT NULL AS is_held, citation_status,
        outcome, asked_at, looked_at, missing_count
    FROM member_pmid
    LEFT JOIN held_citation ON held_citation.pmid = member_pmid.pmid
    LEFT JOIN asked_pmid ON asked_pmid.pmid = member_pmid.pmid
    WHERE is_beyond_sample IS NOT TRUE
),
reasoned AS (
    SELECT
        pmid,
        is_held,
        CASE
            WHEN outcome = 'failed' THEN 'owed'
            WHEN NOT is_held AND outcome IS NULL THEN 'new'
            -- One that is held is asked for in every run until it is believed deleted, one that never came a second
            -- time in the next run; after that, and where the record could not be read, by age.
            WHEN outcome = 'not_found' AND (is_held OR missing_count = 1) THEN 'missing'
            WHEN outcome IN ('not_found', 'rejected') AND asked_at < $missing_before THEN 'missing'
            WHEN NOT is_held THEN NULL
            WHEN outcome = 'deleted' THEN CASE WHEN asked_at < $aged_before THEN 'aged' END
            -- States of indexing that NLM will leave again.
            WHEN citation_status IN ('Publisher', 'In-Data-Review', 'In-Process')
                AND coalesce(looked_at < $in_process_before, true) THEN 'in_process'
            WHEN coalesce(looked_at < $aged_before, true) THEN 'aged'
        END AS reason
    FROM known
)
SELECT
    pmid,
    reason,
    row_number() OVER (
        ORDER BY
            coalesce(list_position(['owed', 'new', 'missing', 'in_process', 'aged'], reason), 9), pmid
    ) AS plan_order
FROM reasoned
WHERE is_held OR reason IS NOT NULL;
