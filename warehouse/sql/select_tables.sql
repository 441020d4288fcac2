-- The tables and views that people ask, with the first sentence of their comments: those of schema `program` are there
-- for views and searches, and SHOW ALL TABLES has them too.
SELECT name, regexp_extract(replace(coalesce(comment, ''), 'One row is: ', ''), '^(.*?)(?:\.(?: |$)|$)', 1) AS comment
FROM (
    SELECT table_name AS name, comment FROM duckdb_tables()
    WHERE schema_name = 'main' AND database_name = current_database()
    UNION ALL
    SELECT view_name, comment FROM duckdb_views()
    WHERE NOT internal AND schema_name = 'main' AND database_name = current_database()
)
ORDER BY name;
