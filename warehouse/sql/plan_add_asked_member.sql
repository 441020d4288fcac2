-- Adds every reason that holds, but for files: what they alone brought is not asked of Entrez.
INSERT INTO found_member SELECT pmid, reason, via, depth FROM state.member WHERE until_run_id IS NULL AND reason <> 'file';
