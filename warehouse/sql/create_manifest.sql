-- One row that says which corpus this is, to be cited in a methods section and verified with `corpus check --manifest`:
-- the SHA-256 over the lines `table rows digest` of table content, the runs it is made of, and the rows of each table.
-- The same content has the same SHA-256, however and whenever it was built.
-- Example: FROM manifest;
CREATE VIEW manifest AS
SELECT
    (SELECT sha256(string_agg(concat_ws(' ', table_name, row_count, row_digest), chr(10) ORDER BY table_name))
        FROM content) AS content_sha256,
    (SELECT max(run_id) FROM run) AS last_run_id,
    (SELECT max(finished_at) FROM run) AS as_of,
    (SELECT list(run_id ORDER BY run_id) FROM run) AS run_ids,
    (SELECT map(list(table_name ORDER BY table_name), list(row_count ORDER BY table_name)) FROM content) AS row_counts;
