-- One row a pair of names that stand in one citation's author list, each pair from both sides.
-- Example: SELECT coauthor_name, citation_count FROM coauthor WHERE author_name = 'Zarate CA' ORDER BY 2 DESC LIMIT 10;
CREATE VIEW coauthor AS
WITH named AS (
    SELECT DISTINCT pmid, coalesce(collective_name, concat_ws(' ', last_name, initials)) AS author_name FROM author
)
SELECT
    one.author_name,
    other.author_name AS coauthor_name,
    count(*) AS citation_count,
    min(pub_year) AS first_year,
    max(pub_year) AS last_year
FROM named AS one
JOIN named AS other ON other.pmid = one.pmid AND other.author_name <> one.author_name
JOIN citation ON citation.pmid = one.pmid
GROUP BY one.author_name, other.author_name;
