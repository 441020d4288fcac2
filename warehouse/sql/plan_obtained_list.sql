-- Creates obtained_list: when each list of ELink was last obtained from a source that counts; LinkOut is a kind of its
-- own.
CREATE TEMP VIEW obtained_list AS
SELECT pmid, link_kind, fetched_at FROM state.link_list SEMI JOIN counted_run USING (run_id) WHERE source = 'elink'
UNION ALL
SELECT pmid, 'linkout', fetched_at FROM state.linkout_list SEMI JOIN counted_run USING (run_id);
