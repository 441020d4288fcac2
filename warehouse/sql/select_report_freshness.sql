-- When the records that hold were obtained, before the last run: citations by age, the newest first; those that are known
-- from the text of a seed alone come last.
WITH age AS (
    SELECT date_diff('day', fetched_at, (SELECT max(finished_at) FROM run)) AS days, source = 'seed' AS is_seed FROM citation
)
SELECT span AS obtained, count(*) FILTER (is_seed IS NOT NULL) AS citations
FROM (VALUES (1, 'within a day', -1, 1), (2, '2 to 7 days', 2, 7), (3, '8 to 30 days', 8, 30),
    (4, '31 to 90 days', 31, 90), (5, 'over 90 days', 91, 1000000), (6, 'seed text alone', NULL, NULL))
    AS spans (n, span, first_day, last_day)
LEFT JOIN age ON CASE WHEN is_seed THEN n = 6 ELSE days BETWEEN first_day AND last_day END
GROUP BY n, span ORDER BY n
