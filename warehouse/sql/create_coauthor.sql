-- One row per name, as any record spells it, and another one that stands in an author list with it: each pair from both
-- sides. Spellings with one key (macro name_key) are counted together, and the other name is shown once, as the highest
-- PMID spells it; names that a record marks as wrong (`is_valid` false) do not count.
-- Example: SELECT coauthor_name, citation_count FROM coauthor WHERE author_name = 'Zarate CA Jr' ORDER BY 2 DESC LIMIT 10;
CREATE VIEW coauthor AS
WITH listed AS NOT MATERIALIZED (
    SELECT pmid, shown_name(last_name, initials, suffix, collective_name) AS author_name
    FROM author WHERE is_valid IS DISTINCT FROM false
),
spelling AS NOT MATERIALIZED (
    SELECT DISTINCT author_name FROM listed
),
-- Names are compared pair by pair: grouped by citation before, those of all citations would be.
pair AS NOT MATERIALIZED (
    SELECT
        spelling.author_name, one.pmid,
        other.author_name AS coauthor_name, name_key(other.author_name) AS coauthor_key
    FROM spelling
    JOIN listed AS one ON name_key(one.author_name) = name_key(spelling.author_name)
    JOIN listed AS other ON other.pmid = one.pmid AND other.author_name <> one.author_name
)
SELECT
    author_name,
    arg_max(coauthor_name, pmid) AS coauthor_name,
    count(DISTINCT pmid) AS citation_count,
    min(pub_year) AS first_year,
    max(pub_year) AS last_year
FROM pair JOIN citation USING (pmid)
WHERE coauthor_key <> name_key(author_name)
GROUP BY author_name, coauthor_key;
