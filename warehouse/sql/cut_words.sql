-- The words of some citations, those of table `indexed`, which lie between the PMIDs $first and $last: rows as those of
-- view search_index, in the order of word, field and PMID.
WITH written AS (
    SELECT pmid, field, unnest(search_split(text)) AS word
    FROM search_text SEMI JOIN indexed USING (pmid)
    WHERE pmid BETWEEN $first AND $last
)
SELECT word, field, pmid, count(*)::INTEGER AS word_count FROM written GROUP BY word, field, pmid ORDER BY word, field, pmid;
