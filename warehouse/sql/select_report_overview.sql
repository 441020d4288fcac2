-- What the corpus is, for its report: a fact and its value a row, as text.
SELECT fact, value FROM (
    SELECT 1 AS n, 'Citations' AS fact, (SELECT count(*) FROM citation)::VARCHAR AS value
    UNION ALL SELECT 2, 'Members', (SELECT count(DISTINCT pmid) FROM member WHERE until_run_id IS NULL)::VARCHAR
    UNION ALL SELECT 3, 'New in the last day', (
        SELECT count(DISTINCT change.pmid) FROM change JOIN run USING (run_id)
        WHERE table_name = 'citation' AND column_name = 'pmid' AND after IS NOT NULL
            AND finished_at > (SELECT max(finished_at) FROM run) - INTERVAL 1 DAY)::VARCHAR
    UNION ALL SELECT 4, 'Retracted', (SELECT count(*) FROM citation SEMI JOIN retracted USING (pmid))::VARCHAR
    UNION ALL SELECT 5, 'Citing a retracted one', (SELECT count(DISTINCT pmid) FROM cites_retracted)::VARCHAR
    UNION ALL SELECT 6, 'Journals', (SELECT count(*) FROM journal)::VARCHAR
    UNION ALL SELECT 7, 'Years of publication', (SELECT concat(min(pub_year), '-', max(pub_year)) FROM citation)
    UNION ALL SELECT 8, 'Owed by Entrez', (SELECT count(*) FROM owed)::VARCHAR
) ORDER BY n
