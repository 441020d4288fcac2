-- Retracted citations that are held, the latest notice first, with the citations held that cite them; 50 at most.
SELECT retraction.pmid, min(retraction.title) AS title, min(journal) AS journal, min(retraction.year) AS year,
    string_agg(DISTINCT notice_pmid::VARCHAR, ', ') AS notice_pmid, max(retraction.notice_year) AS notice_year,
    count(DISTINCT cites_retracted.pmid) AS citing, count(DISTINCT cites_retracted.pmid) FILTER (is_after_notice)
        AS citing_after_notice, string_agg(DISTINCT cites_retracted.pmid::VARCHAR, ', ') AS citing_pmid
FROM retraction LEFT JOIN cites_retracted ON retracted_pmid = retraction.pmid
WHERE is_held GROUP BY retraction.pmid
ORDER BY notice_year DESC NULLS LAST, retraction.pmid DESC LIMIT 50
