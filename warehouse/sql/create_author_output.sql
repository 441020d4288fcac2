-- One row an author (editors and collectives as well) by ORCID, or by last name and initials where a record gives none:
-- two people of one name are one row, and one person is several where only some of the records have the ORCID.
-- Example: FROM author_output ORDER BY citation_count DESC LIMIT 20;
CREATE VIEW author_output AS
WITH last_author AS (
    SELECT pmid, max(author_order) AS author_order FROM author GROUP BY pmid
),
named AS (
    SELECT
        pmid, orcid, pub_year,
        coalesce(collective_name, concat_ws(' ', last_name, initials)) AS author_name,
        author.author_order = 1 AS is_first,
        author.author_order = last_author.author_order AS is_last
    FROM author JOIN citation USING (pmid) JOIN last_author USING (pmid)
)
SELECT
    arg_max(author_name, pmid) AS author_name,
    orcid,
    count(DISTINCT pmid) AS citation_count,
    count(*) FILTER (is_first) AS first_author_count,
    count(*) FILTER (is_last) AS last_author_count,
    min(pub_year) AS first_year,
    max(pub_year) AS last_year
FROM named
GROUP BY orcid, CASE WHEN orcid IS NULL THEN author_name END;
