-- How many terms the titles and abstracts of some citations have, those of table `indexed`.
INSERT INTO search_length
SELECT pmid, coalesce(sum(term_count), 0)
FROM indexed LEFT JOIN search_term USING (pmid)
GROUP BY pmid
ORDER BY pmid;
