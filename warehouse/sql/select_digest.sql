-- What there is to tell of some runs: citations that they brought as retracted, or the notice of; concerns whose notice they
-- brought; new members that are not there for a file alone, by what found them. At most $most a kind and search, with how
-- many there are (of_count).
-- Parameters: $first_run_id, $last_run_id (both included), $most.
WITH came AS (
    SELECT DISTINCT pmid FROM change
    WHERE run_id BETWEEN $first_run_id AND $last_run_id
        AND table_name = 'citation' AND column_name = 'pmid' AND after IS NOT NULL
),
reason_shown AS (
    SELECT DISTINCT pmid, CASE
        WHEN reason IN ('query', 'seed', 'pmids') THEN regexp_replace(via, '\.(query|pmids)$', '')
        WHEN reason IN ('similar', 'cited_by', 'reference') THEN replace(reason, '_', ' ') || ' list'
        ELSE reason END AS found_by
    FROM member SEMI JOIN came USING (pmid) WHERE until_run_id IS NULL AND reason <> 'file'
),
found AS (
    SELECT 3 AS n, 'new' AS kind, string_agg(found_by, ', ' ORDER BY found_by) AS found_by, pmid
    FROM reason_shown GROUP BY pmid
    UNION ALL
    SELECT 1, 'retracted', '', pmid FROM retracted_by($first_run_id, $last_run_id)
    UNION ALL
    SELECT DISTINCT 2, 'concern', '', concern.pmid FROM concern SEMI JOIN came ON came.pmid = notice_pmid
    WHERE is_held AND NOT is_retracted
)
SELECT kind, found_by, found.pmid, title, journal, year,
    (SELECT count(DISTINCT cites_retracted.pmid) FROM cites_retracted WHERE retracted_pmid = found.pmid) AS citing_count,
    count(*) OVER (PARTITION BY kind, found_by) AS of_count
FROM found JOIN article USING (pmid)
QUALIFY row_number() OVER (PARTITION BY kind, found_by ORDER BY year DESC NULLS LAST, found.pmid DESC) <= $most
ORDER BY n, found_by, year DESC NULLS LAST, found.pmid DESC
