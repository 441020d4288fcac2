-- The words of a text as a search has them: folded, and cut at anything but letters and digits.
-- Example: SELECT search_split('The role of β-catenin in treatment-resistant depression');
CREATE MACRO search_split(text) AS list_filter(
    regexp_extract_all(search_fold(text), '[\p{L}\p{N}]+'), lambda word: length(word) <= 64
);
