-- The flow of records of PRISMA 2020, a box a row. Records identified are the reasons that hold (table member): a PMID that
-- two searches find is identified twice. For a search, what NCBI promised and delivered when it was last answered. Included
-- and excluded, with the reason, are those that labels say; a PMID with labels of both kinds, or of another word, is not decided.
WITH held_member AS (SELECT * FROM member WHERE until_run_id IS NULL),
route AS (
    SELECT reason, CASE WHEN reason IN ('query', 'pmids') THEN via ELSE '' END AS via, count(*) AS records
    FROM held_member GROUP BY ALL
),
answered AS (
    SELECT search_name, arg_max(promised_count, run_id) AS promised, arg_max(delivered_count, run_id) AS delivered
    FROM search_run WHERE failure IS NULL GROUP BY search_name
),
unique_member AS (
    SELECT DISTINCT pmid, pmid IN (SELECT pmid FROM citation WHERE source <> 'seed') AS is_retrieved FROM held_member
),
label AS (
    SELECT pmid, CASE
        WHEN bool_and(word IN ('include', 'included', 'yes', 'true', '1')) THEN 'included'
        WHEN bool_and(word IN ('exclude', 'excluded', 'no', 'false', '0')) THEN 'excluded'
        END AS decision,
        string_agg(DISTINCT reason, '; ' ORDER BY reason) AS reason
    FROM (SELECT pmid, lower(trim(label::VARCHAR)) AS word, reason FROM companion_label) GROUP BY pmid
),
screened AS (
    SELECT pmid, coalesce(decision, 'not decided') AS decision, reason
    FROM unique_member LEFT JOIN label USING (pmid) WHERE is_retrieved
),
box AS (
    SELECT 1 AS n, 'identified' AS box, trim(replace(reason, '_', ' ') || ' ' || via) AS what, records, promised, delivered
    FROM route LEFT JOIN answered ON reason = 'query' AND search_name = via
    UNION ALL SELECT 2, 'duplicates', 'identified more than once',
        (SELECT count(*) FROM held_member) - (SELECT count(*) FROM unique_member), NULL, NULL
    UNION ALL SELECT 3, 'sought', 'sought for retrieval', (SELECT count(*) FROM unique_member), NULL, NULL
    UNION ALL SELECT 4, 'not retrieved', 'no record was delivered',
        (SELECT count(*) FROM unique_member WHERE NOT is_retrieved), NULL, NULL
    UNION ALL SELECT 5, 'screened', 'records screened', (SELECT count(*) FROM screened), NULL, NULL
    UNION ALL SELECT 6, decision, decision, (SELECT count(*) FROM screened WHERE screened.decision = kinds.decision),
        NULL, NULL
    FROM (VALUES ('included'), ('not decided')) AS kinds (decision)
    UNION ALL SELECT 7, 'excluded', coalesce(reason, 'no reason given'), count(*), NULL, NULL
    FROM screened WHERE decision = 'excluded' GROUP BY ALL
)
SELECT box, what, records, promised, delivered FROM box ORDER BY n, records DESC, what
