-- Creates left_out: PMIDs that Entrez has no link lists for, since it left them out of its last EFetch reply, and those
-- that the sample is not asked for.
CREATE TEMP TABLE left_out AS
SELECT pmid FROM asked_pmid WHERE outcome IN ('not_found', 'deleted')
UNION
SELECT pmid FROM held_citation WHERE is_beyond_sample;
