-- Two rows of a citation of which one took the other's place: a record revised, or one in the place of seed text.
CREATE TEMP TABLE step_citation AS
SELECT before.pmid, before.run_id AS before_run_id, after.run_id AS after_run_id
FROM version_citation AS before
JOIN version_citation AS after ON after.pmid = before.pmid AND after.run_id = before.until_run_id;
