-- The DOIs of some citations, those of table `listed`: of their own ArticleIdList, their ELocationIDs and, for seed text, the
-- one that it gives.
INSERT INTO citation_doi
WITH given AS (
    SELECT pmid, article_id AS doi, (1, article_id_order) AS place, true AS is_valid
    FROM article_id SEMI JOIN listed USING (pmid) WHERE id_type = 'doi'
    UNION ALL
    SELECT pmid, elocation_id, (2, elocation_order), is_valid IS DISTINCT FROM false
    FROM elocation_id SEMI JOIN listed USING (pmid) WHERE eid_type = 'doi'
    UNION ALL
    SELECT pmid, doi, (3, 1), true FROM citation SEMI JOIN listed USING (pmid) WHERE doi IS NOT NULL AND source = 'seed'
)
SELECT pmid, normal_doi(doi) AS normal_doi, arg_min(doi, place), bool_or(is_valid)
FROM given
WHERE normal_doi(doi) IS NOT NULL
GROUP BY pmid, normal_doi(doi)
ORDER BY pmid, 2;
