-- One row per citation and version of it: the columns of citation, valid from the time its run was committed until that of
-- the run that replaced it (UTC); null where it holds.
-- Example: SELECT valid_from, valid_to, article_title FROM citation_history WHERE pmid = 25217177 ORDER BY valid_from;
CREATE VIEW citation_history AS
SELECT history.* EXCLUDE (until_run_id), began.finished_at AS valid_from, ended.finished_at AS valid_to
FROM (FROM program.citation_past UNION ALL BY NAME FROM citation) AS history
JOIN run AS began ON began.run_id = history.run_id
LEFT JOIN run AS ended ON ended.run_id = history.until_run_id;
