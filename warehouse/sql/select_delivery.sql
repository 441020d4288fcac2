-- DELIVERY: the last deliveries that are other ones than before. Assumes delivery_after, delivery_before and this_run.
SELECT delivery_after.* EXCLUDE (is_incoming) REPLACE (this_run.run_id AS run_id)
FROM delivery_after
CROSS JOIN this_run
WHERE is_incoming
ORDER BY pmid, delivery_kind, is_deletion
