-- A DOI in one form to join on, whatever is written around it: without https://doi.org/ or doi:, percent-decoded, in lower
-- case, without a full stop behind it. Null: the text is no DOI. `transforms.values.normal_doi` gives the same.
-- Example: SELECT normal_doi('https://doi.org/10.5555/XYZ');
CREATE MACRO normal_doi(text) AS nullif(regexp_extract(
    rtrim(lower(trim(replace(replace(replace(
        CASE WHEN regexp_matches(text, '%[0-9A-Fa-f]{2}')
            THEN coalesce(TRY(url_decode(TRY(url_decode(text)))), text) ELSE text END,
        '&lt;', '<'), '&gt;', '>'), '&amp;', '&'))), ' .,;'),
    '^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi *[: ] *|info:doi/|urn:doi:)*(10\.[0-9]{1,9}(?:\.[0-9]+)*/.+)$', 1
), '');
