-- Adds the members by searches that were not answered: what they found before still holds.
-- $names: the names of their files.
INSERT INTO found_member
SELECT pmid, reason, via, depth FROM state.member
WHERE reason = 'query' AND until_run_id IS NULL AND list_contains(CAST($names AS VARCHAR[]), via);
