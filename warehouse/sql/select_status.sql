-- Counts that say what the corpus holds: one row.
SELECT
    (SELECT count(*) FROM citation) AS citations,
    (SELECT count(DISTINCT pmid) FROM member WHERE until_run_id IS NULL) AS members,
    (SELECT count(*) FROM link) AS links,
    (SELECT count(*) FROM citation WHERE abstract IS NOT NULL) AS abstracts,
    (SELECT count(*) FROM citation WHERE doi IS NOT NULL) AS dois,
    (SELECT count(DISTINCT pmid) FROM mesh_heading) AS with_mesh,
    (SELECT count(*) FROM citation SEMI JOIN retracted USING (pmid)) AS retracted,
    (SELECT count(*) FROM deleted_citation) AS deleted,
    -- A record that was read again in vain has a row of each time; one that was read since waits no more.
    (SELECT count(DISTINCT coalesce(pmid::VARCHAR, sha256(record_xml))) FROM rejected_citation AS rejected
        WHERE NOT EXISTS (
            FROM citation AS later
            WHERE later.pmid = rejected.pmid AND later.source <> 'seed' AND later.run_id > rejected.run_id
        )) AS rejected,
    (SELECT count(*) FROM seed_citation
        WHERE pmid IS NULL AND list_name IN ('seed', 'similar', 'cited_by', 'reference')) AS unresolved,
    (SELECT count(*) FROM run) AS runs,
    (SELECT min(fetched_at) FROM citation) AS oldest_fetched_at;
