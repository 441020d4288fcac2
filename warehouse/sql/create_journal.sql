-- One row per journal by its NLM catalogue id, or by its name where a record gives none: what the corpus has of it.
-- Example: SELECT journal, citation_count, retracted_count FROM journal ORDER BY citation_count DESC LIMIT 20;
CREATE VIEW journal AS
WITH named AS (
    SELECT *, coalesce(medline_ta, iso_abbreviation, journal_title) AS journal FROM citation
)
SELECT
    arg_max(journal, pmid) AS journal,
    max(journal_title) AS journal_title,
    nlm_unique_id,
    max(issn_linking) AS issn_linking,
    count(*) AS citation_count,
    count(*) FILTER (pmid IN (SELECT pmid FROM retracted)) AS retracted_count,
    min(pub_year) AS first_year,
    max(pub_year) AS last_year
FROM named
WHERE journal IS NOT NULL
GROUP BY nlm_unique_id, CASE WHEN nlm_unique_id IS NULL THEN journal END;
