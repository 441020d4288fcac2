-- Rows of citations that have more than one, or seed text, and the run that ended each; null where it holds. A delivered
-- record holds until the next one; seed text until a record comes, a newer page has it again, or its PMID stands on no
-- seed page any more. All other rows hold: they are not here, so that the memory it takes is that of what changed.
-- Assumes the views of warehouse/current.py.
CREATE TEMP TABLE version_citation AS
WITH several AS (
    SELECT pmid FROM run_citation GROUP BY pmid HAVING count(*) > 1 OR any_value(source) = 'seed'
),
row_of_several AS (
    SELECT pmid, run_id, source FROM run_citation SEMI JOIN several USING (pmid)
),
first_delivered AS (
    SELECT pmid, min(run_id) AS run_id FROM row_of_several WHERE source <> 'seed' GROUP BY pmid
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
        FROM row_of_several WHERE source <> 'seed'
        UNION ALL
        SELECT pmid, row_of_several.run_id, source
        FROM row_of_several LEFT JOIN first_delivered USING (pmid)
        WHERE source = 'seed' AND (first_delivered.run_id IS NULL OR row_of_several.run_id < first_delivered.run_id)
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
