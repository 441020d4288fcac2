-- Adds PMIDs that NCBI names as revised to the end of the plan.
-- $pmids: none of them is in it.
INSERT INTO plan
SELECT pmid, 'revised', (SELECT coalesce(max(plan_order), 0) FROM plan) + row_number() OVER (ORDER BY pmid)
FROM (SELECT unnest(CAST($pmids AS BIGINT[])) AS pmid);
