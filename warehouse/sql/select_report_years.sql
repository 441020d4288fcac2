-- Citations by year of publication and type; each has the first of these types that is its own. Those of earlier years
-- than the 40 last ones, and those without a year, are left out.
WITH typed AS (
    SELECT pub_year AS year, CASE
        WHEN list_has_any(publication_types, ['Systematic Review', 'Meta-Analysis', 'Network Meta-Analysis'])
            THEN 'Systematic review'
        WHEN len(list_filter(publication_types, lambda t: contains(t, 'Trial'))) > 0 THEN 'Trial'
        WHEN list_contains(publication_types, 'Review') THEN 'Review'
        WHEN list_contains(publication_types, 'Case Reports') THEN 'Case report'
        WHEN list_has_any(publication_types, ['Letter', 'Comment', 'Editorial', 'News']) THEN 'Letter, editorial'
        ELSE 'Other'
    END AS type
    FROM citation LEFT JOIN program.article_list USING (pmid)
)
SELECT year, type, count(*) AS citations FROM typed
WHERE year > (SELECT max(pub_year) FROM citation) - 40
GROUP BY year, type ORDER BY year, type
