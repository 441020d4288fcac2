-- What citations call their journals, each combination once.
INSERT INTO journal_name
SELECT DISTINCT medline_ta, iso_abbreviation, journal_title, issn, issn_linking, nlm_unique_id FROM citation
WHERE coalesce(medline_ta, iso_abbreviation, journal_title, issn, issn_linking, nlm_unique_id) IS NOT NULL
ORDER BY ALL;
