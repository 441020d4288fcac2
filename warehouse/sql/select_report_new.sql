-- Citations that are new within a month before the last run, the newest first, with what brought them; 30 at most.
WITH fresh AS (
    SELECT change.pmid, max(finished_at) AS found_at, max(run_id) AS run_id FROM change JOIN run USING (run_id)
    WHERE table_name = 'citation' AND column_name = 'pmid' AND after IS NOT NULL
        AND finished_at > (SELECT max(finished_at) FROM run) - INTERVAL 30 DAY
    GROUP BY change.pmid
),
newest AS (
    SELECT fresh.* FROM fresh JOIN citation USING (pmid)
    ORDER BY fresh.run_id DESC, pub_year DESC NULLS LAST, pmid DESC LIMIT 30
),
reason_shown AS (
    SELECT DISTINCT pmid, CASE WHEN reason IN ('query', 'seed', 'pmids') THEN reason || ' ' || via ELSE reason END AS shown
    FROM member SEMI JOIN newest USING (pmid) WHERE until_run_id IS NULL
),
named AS (
    SELECT pmid, string_agg(shown, ', ' ORDER BY shown) AS found_by FROM reason_shown GROUP BY pmid
)
SELECT found_at::DATE AS found, pmid, title, journal, year, found_by
FROM newest JOIN article USING (pmid) LEFT JOIN named USING (pmid)
ORDER BY newest.run_id DESC, year DESC NULLS LAST, pmid DESC
