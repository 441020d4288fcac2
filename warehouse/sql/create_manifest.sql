-- One row that says which corpus this is, to be cited in a methods section and verified with `corpus check --manifest`:
-- content_sha256, over the lines `table digest` of table content, says what the corpus says: the same deliveries give the
-- same one, in whatever order and runs they came. full_sha256 is over every column and account. The runs it is made of, and
-- the rows of each table. The files of the companion tables, which are in neither hash.
-- Example: FROM manifest;
CREATE VIEW manifest AS
SELECT
    (SELECT sha256(string_agg(concat_ws(' ', table_name, row_digest), chr(10) ORDER BY table_name))
        FROM program.content WHERE row_digest IS NOT NULL) AS content_sha256,
    (SELECT sha256(string_agg(concat_ws(' ', table_name, row_count, full_digest), chr(10) ORDER BY table_name))
        FROM program.content) AS full_sha256,
    (SELECT max(run_id) FROM run) AS last_run_id,
    (SELECT max(finished_at) FROM run) AS as_of,
    (SELECT list(run_id ORDER BY run_id) FROM run) AS run_ids,
    (SELECT map(list(table_name ORDER BY table_name), list(row_count ORDER BY table_name))
        FROM program.content WHERE row_digest IS NOT NULL) AS row_counts,
    (SELECT list({table_name: table_name, file_name: file_name, file_sha256: file_sha256, row_count: row_count}
        ORDER BY table_name) FROM companion) AS companions;
