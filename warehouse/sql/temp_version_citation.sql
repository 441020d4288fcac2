-- Every row of a citation that has held, and the run that ended it; null where it holds. A delivered record holds until
-- the next one; seed text until a record comes, a newer page has it again, or its PMID stands on no seed page any more.
-- Assumes the views of warehouse/current.py.
CREATE TEMP TABLE version_citation AS
WITH first_delivered AS (
    SELECT pmid, min(run_id) AS run_id FROM run_citation WHERE source <> 'seed' GROUP BY pmid
),
page AS (
    SELECT seed_id, pmid, is_removed, run_id AS since, lead(run_id) OVER (PARTITION BY seed_id ORDER BY run_id) AS until
    FROM run_seed_document
),
on_page AS (
    SELECT pmid, since, until FROM page WHERE NOT is_removed
    UNION ALL
    SELECT entry.pmid, page.since, page.until
    FROM page JOIN run_seed_citation AS entry ON entry.seed_id = page.seed_id AND entry.run_id = page.since
    WHERE NOT page.is_removed AND entry.pmid IS NOT NULL
),
off_page AS (
    SELECT pmid, until AS run_id FROM on_page AS left_page
    WHERE until IS NOT NULL AND NOT EXISTS (
        FROM on_page AS other
        WHERE other.pmid = left_page.pmid AND other.since <= left_page.until
            AND (other.until IS NULL OR other.until > left_page.until)
    )
),
held AS (
    SELECT pmid, run_id, source, lead(run_id) OVER (PARTITION BY pmid ORDER BY run_id) AS next_run_id
    FROM (
        SELECT pmid, run_id, source FROM run_citation WHERE source <> 'seed'
        UNION ALL
        SELECT pmid, run_citation.run_id, source
        FROM run_citation LEFT JOIN first_delivered USING (pmid)
        WHERE source = 'seed' AND (first_delivered.run_id IS NULL OR run_citation.run_id < first_delivered.run_id)
    )
),
next_off_page AS (
    SELECT held.pmid, held.run_id, min(off_page.run_id) AS off_run_id
    FROM held JOIN off_page ON off_page.pmid = held.pmid AND off_page.run_id > held.run_id
    WHERE held.source = 'seed'
    GROUP BY ALL
)
SELECT held.pmid, held.run_id, held.source, least(next_run_id, off_run_id) AS until_run_id
FROM held LEFT JOIN next_off_page USING (pmid, run_id);
