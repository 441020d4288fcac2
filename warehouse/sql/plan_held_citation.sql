-- Creates held_citation: the citations whose record was delivered by a run that counts; seed text is no record.
CREATE TEMP VIEW held_citation AS
SELECT pmid, citation_status, is_beyond_sample
FROM state.citation JOIN counted_run USING (run_id)
WHERE source <> 'seed';
