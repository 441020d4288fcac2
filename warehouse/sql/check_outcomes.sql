-- Every PMID that a run asked for has its one outcome, and the run's counts are their sums.
SELECT run.run_id, run.requested_count, count(request.pmid) AS request_rows
FROM checked_run AS run LEFT JOIN request USING (run_id)
GROUP BY ALL
HAVING run.requested_count <> count(request.pmid)
    OR any_value(run.new_count) <> count(*) FILTER (outcome = 'new')
    OR any_value(run.revised_count) <> count(*) FILTER (outcome = 'revised')
    OR any_value(run.unchanged_count) <> count(*) FILTER (outcome = 'unchanged')
    OR coalesce(any_value(run.older_count), 0) <> count(*) FILTER (outcome = 'older')
    OR any_value(run.not_found_count) <> count(*) FILTER (outcome = 'not_found')
    OR any_value(run.deleted_count) <> count(*) FILTER (outcome = 'deleted')
    OR any_value(run.rejected_count) <> count(*) FILTER (outcome = 'rejected')
    OR any_value(run.failed_count) <> count(*) FILTER (outcome = 'failed');
