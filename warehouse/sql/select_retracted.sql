-- Citations that are retracted since one of the runs from $first_run_id to $last_run_id, or came with it retracted already.
SELECT pmid FROM retracted_by($first_run_id, $last_run_id) ORDER BY pmid
