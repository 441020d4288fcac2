-- How many terms the titles, vernacular ones as well, and abstracts of some citations have, those of `cut_citation`,
-- whose words are in `cut_list`, rows as those of table posting_list.
INSERT INTO search_length
WITH counted AS (
    SELECT unnest(pmids) AS pmid, unnest(word_counts) AS word_count
    FROM cut_list ANTI JOIN (FROM search_vocabulary WHERE stem IS NULL) USING (word)
    WHERE field IN ('title', 'abstract', 'vernacular_title')
)
SELECT pmid, coalesce(sum(word_count), 0)
FROM cut_citation LEFT JOIN counted USING (pmid)
GROUP BY pmid
ORDER BY pmid;
