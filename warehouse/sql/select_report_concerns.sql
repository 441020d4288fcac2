-- Citations held with an expression of concern or a partial retraction, with the citations held that cite them; 50 at most.
SELECT concern.pmid, min(what) AS what, min(title) AS title, min(journal) AS journal, min(concern.year) AS year,
    string_agg(DISTINCT notice_pmid::VARCHAR, ', ') AS notice_pmid,
    count(DISTINCT citing_pmid) FILTER (citing_pmid IN (SELECT pmid FROM citation)) AS citing
FROM concern LEFT JOIN citing_source ON cited_pmid = concern.pmid
WHERE is_held GROUP BY concern.pmid ORDER BY max(notice_year) DESC NULLS LAST, concern.pmid DESC LIMIT 50
