-- Counts that say what the corpus holds: one row.
SELECT
    (SELECT count(*) FROM citation) AS citations,
    (SELECT count(DISTINCT pmid) FROM member WHERE until_run_id IS NULL) AS members,
    (SELECT count(*) FROM link) AS links,
    (SELECT count(*) FROM citation WHERE abstract IS NOT NULL) AS abstracts,
    (SELECT count(*) FROM citation WHERE doi IS NOT NULL) AS dois,
    (SELECT count(DISTINCT pmid) FROM mesh_heading) AS with_mesh,
    (SELECT count(*) FROM citation WHERE is_retracted) AS retracted,
    (SELECT count(*) FROM deleted_citation) AS deleted,
    (SELECT count(*) FROM rejected_citation) AS rejected,
    (SELECT count(*) FROM seed_citation
        WHERE pmid IS NULL AND list_name IN ('similar', 'cited_by', 'reference')) AS unresolved,
    (SELECT count(*) FROM run) AS runs,
    (SELECT min(fetched_at) FROM citation) AS oldest_fetched_at;
