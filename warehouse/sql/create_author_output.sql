-- One row an author (editors and collectives as well) by ORCID, or by last name and initials where a record gives none:
-- two people of one name are one row, and one person is several where only some of the records have the ORCID.
-- Example: FROM author_output ORDER BY citation_count DESC LIMIT 20;
CREATE VIEW author_output AS
WITH named AS (
    SELECT
        pmid, orcid, author_order, pub_year,
        coalesce(collective_name, concat_ws(' ', last_name, initials)) AS author_name,
        max(author_order) OVER (PARTITION BY pmid) AS last_order
    FROM author JOIN citation USING (pmid)
)
SELECT
    arg_max(author_name, (pub_year, pmid)) AS author_name,
    orcid,
    count(DISTINCT pmid) AS citation_count,
    count(DISTINCT pmid) FILTER (author_order = 1) AS first_author_count,
    count(DISTINCT pmid) FILTER (author_order = last_order) AS last_author_count,
    min(pub_year) AS first_year,
    max(pub_year) AS last_year
FROM named
GROUP BY orcid, CASE WHEN orcid IS NULL THEN author_name END;
