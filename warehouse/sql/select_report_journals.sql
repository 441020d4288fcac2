-- The 15 journals with the most citations.
SELECT journal, citation_count AS citations, retracted_count AS retracted, first_year, last_year
FROM journal ORDER BY citation_count DESC, journal LIMIT 15
