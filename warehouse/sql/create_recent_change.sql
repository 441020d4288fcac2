-- What changed in the runs of the given number of days up to the last one, latest first: one row per changed column, or per row
-- that was added or removed.
-- Example: SELECT changed_at, pmid, column_name, before, after FROM recent_change(7) WHERE column_name = 'is_retracted';
CREATE MACRO recent_change(days) AS TABLE
SELECT finished_at AS changed_at, change.pmid, table_name, column_name, before, after,
    shown_title(article_title, vernacular_title, NULL) AS title, change.run_id
FROM change
JOIN run USING (run_id)
LEFT JOIN citation ON citation.pmid = change.pmid
WHERE finished_at > (SELECT max(finished_at) FROM run) - to_days(CAST(days AS INTEGER))
ORDER BY change.run_id DESC, change.pmid, table_name, column_name, change_order;
