-- A text as searches compare it: as it was meant if it was escaped twice, lower-case, without accents, Greek letters by
-- their names. Most texts have no letters but those of ASCII and Greek, nor a character that is composed, and need not be
-- looked through for accents, which takes ten times as long. At a NUL nfc_normalize would end. The list of one text is
-- there since DuckDB writes an argument out wherever it stands: `folded` is worked out once.
-- Example: SELECT search_fold('Naïve β-catenin');
CREATE MACRO search_fold(text) AS CASE
    WHEN strlen(text) = length(text) AND NOT contains(text, '&') THEN lower(text)
    ELSE list_transform(
        [CASE
            WHEN NOT contains(text, '&') AND NOT regexp_matches(text,
                '[^\x00-\x{BF}\x{C6}\x{D0}\x{D7}\x{D8}\x{DE}\x{DF}\x{E6}\x{F0}\x{F7}\x{F8}\x{FE}'
                || '\x{2002}-\x{20CF}\x{20F1}-\x{2125}\x{2190}-\x{2199}\x{2205}-\x{2208}\x{220D}-\x{2223}\x{2227}-\x{2240}\x{2248}\x{224A}-\x{225F}'
                || '\x{2261}\x{2263}-\x{226C}\x{2272}\x{2273}\x{2500}-\x{2ADB}'
                || '\x{391}-\x{3A9}\x{3B1}-\x{3C9}]'
            ) THEN lower(text)
            ELSE lower(strip_accents(nfc_normalize(replace(search_plain(text), chr(0), ' '))))
        END],
        lambda folded: CASE WHEN regexp_matches(folded, '[\x{370}-\x{3FF}]') THEN search_greek(folded) ELSE folded END
    )[1]
END;
