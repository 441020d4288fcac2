-- The stem of each of some words, lower-case, by Porter's algorithm (1980) in plain SQL, so that any DuckDB client stems
-- a question as the build stemmed the titles and abstracts. Words that hold anything but a to z stay as they are.
-- Example: SELECT stem FROM search_stem(['depression', 'depressive']);
CREATE MACRO search_stem(words) AS TABLE
WITH
-- In the patterns a y that begins a word is a consonant, and so is written Y until the end.
given AS (
    SELECT word, regexp_replace(word, '^y', 'Y') AS w, regexp_full_match(word, '[a-z]{3,}') AS is_word
    FROM (SELECT DISTINCT unnest(words) AS word)
),
step_1a AS (
    SELECT word, regexp_replace(regexp_replace(w, '^(.+?)(ss|i)es$', '\1\2'), '^(.+?)([^s])s$', '\1\2') AS w
    FROM given WHERE is_word
),
split_1b AS (
    SELECT word, w, regexp_extract(w, '^(.+?)(eed|ed|ing)$', ['head', 'tail']) AS part FROM step_1a
),
stripped_1b AS (
    SELECT
        word,
        part.tail IN ('ed', 'ing') AND regexp_matches(part.head, '^([^aeiou][^aeiouy]*)?[aeiouy]') AS is_stripped,
        CASE
            WHEN is_stripped THEN part.head
            WHEN part.tail = 'eed'
                AND regexp_matches(part.head, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*')
                THEN part.head || 'ee'
            ELSE w
        END AS w
    FROM split_1b
),
step_1b AS (
    SELECT word, CASE
        WHEN NOT is_stripped THEN w
        WHEN regexp_matches(w, '(at|bl|iz)$') THEN w || 'e'
        WHEN w[-1] = w[-2] AND regexp_matches(w, '[^aeiouylsz]$') THEN w[:-2]
        WHEN regexp_matches(w, '^[^aeiou][^aeiouy]*[aeiouy][^aeiouwxy]$') THEN w || 'e'
        ELSE w
    END AS w
    FROM stripped_1b
),
step_1c AS (
    SELECT word, CASE
        WHEN regexp_matches(w, '^([^aeiou][^aeiouy]*)?[aeiouy].*y$') THEN w[:-2] || 'i'
        ELSE w
    END AS w
    FROM step_1b
),
split_2 AS (
    SELECT word, w, regexp_extract(
        w,
        '^(.+?)(ational|tional|enci|anci|izer|bli|alli|entli|eli|ousli|ization|ation|ator|alism|iveness|fulness|ousness|aliti|iviti|biliti|logi)$',
        ['head', 'tail']
    ) AS part
    FROM step_1c
),
step_2 AS (
    SELECT word, CASE
        WHEN regexp_matches(part.head, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*')
            THEN part.head || CASE part.tail
                WHEN 'ational' THEN 'ate' WHEN 'tional' THEN 'tion' WHEN 'enci' THEN 'ence' WHEN 'anci' THEN 'ance'
                WHEN 'izer' THEN 'ize' WHEN 'bli' THEN 'ble' WHEN 'alli' THEN 'al' WHEN 'entli' THEN 'ent'
                WHEN 'eli' THEN 'e' WHEN 'ousli' THEN 'ous' WHEN 'ization' THEN 'ize' WHEN 'ation' THEN 'ate'
                WHEN 'ator' THEN 'ate' WHEN 'alism' THEN 'al' WHEN 'iveness' THEN 'ive' WHEN 'fulness' THEN 'ful'
                WHEN 'ousness' THEN 'ous' WHEN 'aliti' THEN 'al' WHEN 'iviti' THEN 'ive' WHEN 'biliti' THEN 'ble'
                ELSE 'log'
            END
        ELSE w
    END AS w
    FROM split_2
),
split_3 AS (
    SELECT word, w, regexp_extract(w, '^(.+?)(icate|ative|alize|iciti|ical|ful|ness)$', ['head', 'tail']) AS part
    FROM step_2
),
step_3 AS (
    SELECT word, CASE
        WHEN regexp_matches(part.head, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*')
            THEN part.head || CASE part.tail
                WHEN 'icate' THEN 'ic' WHEN 'alize' THEN 'al' WHEN 'iciti' THEN 'ic' WHEN 'ical' THEN 'ic' ELSE ''
            END
        ELSE w
    END AS w
    FROM split_3
),
split_4 AS (
    SELECT word, w, coalesce(
        nullif(regexp_extract(
            w, '^(.+?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$', 1
        ), ''),
        regexp_extract(w, '^(.+?[st])ion$', 1)
    ) AS head
    FROM step_3
),
step_4 AS (
    SELECT word, CASE
        WHEN regexp_matches(
            head, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou][^aeiouy]*'
        ) THEN head
        ELSE w
    END AS w
    FROM split_4
),
step_5a AS (
    SELECT word, CASE
        WHEN w[-1] <> 'e' THEN w
        WHEN regexp_matches(
            w[:-2], '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou][^aeiouy]*'
        ) THEN w[:-2]
        WHEN regexp_matches(w[:-2], '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*([aeiouy][aeiou]*)?$')
            AND NOT regexp_matches(w[:-2], '^[^aeiou][^aeiouy]*[aeiouy][^aeiouwxy]$') THEN w[:-2]
        ELSE w
    END AS w
    FROM step_4
),
step_5b AS (
    SELECT word, CASE
        WHEN regexp_matches(
            w, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou][^aeiouy]*'
        ) AND w[-2:] = 'll' THEN w[:-2]
        ELSE w
    END AS w
    FROM step_5a
)
SELECT word, lower(w) AS stem FROM step_5b
UNION ALL
SELECT word, word FROM given WHERE NOT is_word;
