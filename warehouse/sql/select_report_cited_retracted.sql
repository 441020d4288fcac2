-- Citations held that cite a retracted one, held or not, the newest first; 50 at most.
SELECT pmid, title, year, retracted_pmid, retracted_title, notice_year, is_after_notice
FROM cites_retracted ORDER BY is_after_notice DESC NULLS LAST, year DESC NULLS LAST, pmid DESC, retracted_pmid LIMIT 50
