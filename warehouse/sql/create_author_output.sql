-- One row per author (editors and collectives as well) by ORCID, or by the key of the name (macro name_key) where a record
-- gives none: two people of one name are one row, and one person is several where only some of the records have the
-- ORCID. Names that a record marks as wrong (`is_valid` false) do not count.
-- Example: FROM author_output ORDER BY citation_count DESC LIMIT 20;
CREATE VIEW author_output AS
WITH listed AS (
    SELECT pmid, author_order, orcid, shown_name(last_name, initials, suffix, collective_name) AS author_name
    FROM author WHERE is_valid IS DISTINCT FROM false
),
list_end AS (
    SELECT pmid, min(author_order) AS first_order, max(author_order) AS last_order FROM listed GROUP BY pmid
),
named AS (
    SELECT
        pmid, orcid, pub_year, author_name,
        CASE WHEN orcid IS NULL THEN name_key(author_name) END AS author_key,
        author_order = first_order AS is_first,
        author_order = last_order AS is_last
    FROM listed JOIN citation USING (pmid) JOIN list_end USING (pmid)
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
GROUP BY orcid, author_key;
