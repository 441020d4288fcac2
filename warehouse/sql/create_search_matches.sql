-- Whether a text, folded as searches fold it, has a match of an expression in small ASCII letters. Most texts are ASCII,
-- and need not be folded: capitals are all that they have. Of others, one that matches as it stands does so folded; there
-- a mark that follows a letter is a part of it.
-- Example: SELECT search_matches('The role of the β-catenin', 'of[^a-z]+the[^a-z]+beta');
CREATE MACRO search_matches(text, pattern) AS CASE
    WHEN strlen(text) = length(text) AND NOT contains(text, '&') THEN regexp_matches(text, pattern, 'i')
    WHEN NOT contains(text, '&') AND regexp_matches(text, replace(pattern, '\p{N}]', '\p{N}\p{M}]'), 'i') THEN true
    ELSE regexp_matches(search_fold(text), pattern)
END;
