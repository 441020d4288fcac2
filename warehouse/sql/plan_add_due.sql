-- Adds the members that are due to the plan.
INSERT INTO plan SELECT pmid, reason, plan_order FROM wanted WHERE reason IS NOT NULL;
