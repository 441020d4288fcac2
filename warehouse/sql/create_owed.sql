-- One row per member that no run has obtained: its last outcome was `failed`, or it has not been asked for yet.
-- Example: SELECT last_outcome, count(*) FROM owed GROUP BY ALL;
CREATE VIEW owed AS
WITH last_request AS (
    SELECT pmid, arg_max(outcome, run_id) AS outcome FROM request GROUP BY pmid
)
SELECT DISTINCT member.pmid, coalesce(last_request.outcome, 'not asked for') AS last_outcome
FROM member
LEFT JOIN citation ON citation.pmid = member.pmid AND citation.source <> 'seed'
LEFT JOIN last_request ON last_request.pmid = member.pmid
WHERE member.until_run_id IS NULL
    AND citation.pmid IS NULL
    AND coalesce(last_request.outcome, 'failed') NOT IN ('not_found', 'deleted', 'rejected');
