-- The one outcome of each PMID that a refresh asked for: what became of its delivery, or the last answer where there is
-- none. Assumes plan, answer and verdict.
CREATE TEMP TABLE outcome AS
WITH last_answer AS (
    SELECT pmid, arg_max(outcome, answer_order) AS outcome, arg_max(detail, answer_order) AS detail
    FROM answer
    GROUP BY pmid
)
SELECT
    pmid,
    plan.reason AS plan_reason,
    coalesce(verdict.outcome, last_answer.outcome) AS outcome,
    CASE WHEN verdict.outcome IS NULL THEN last_answer.detail ELSE verdict.detail END AS detail
FROM plan
LEFT JOIN last_answer USING (pmid)
LEFT JOIN verdict USING (pmid);
