-- Adds what somebody asked for by name or by search, held or not, to the plan.
INSERT INTO plan
SELECT pmid, 'asked', row_number() OVER (ORDER BY pmid)
FROM (SELECT DISTINCT pmid FROM found_member)
ANTI JOIN (SELECT pmid FROM held_citation WHERE is_beyond_sample) USING (pmid);
