-- How many terms the titles, vernacular ones as well, and abstracts of some citations have, those of table `indexed`,
-- which lie between the PMIDs $first and $last.
INSERT INTO search_length
WITH counted AS (
    SELECT pmid, word_count
    FROM search_index SEMI JOIN (FROM search_vocabulary WHERE stem IS NOT NULL) USING (word)
    WHERE field IN ('title', 'abstract', 'vernacular_title') AND pmid BETWEEN $first AND $last
)
SELECT pmid, coalesce(sum(word_count), 0)
FROM indexed LEFT JOIN counted USING (pmid)
GROUP BY pmid
ORDER BY pmid;
