-- A text that was escaped twice, `p &lt; 0.05`, as it was meant, for searches: references become their characters or a
-- blank, tags of type (<i>, <sub>) go. `transforms.values.plain_text` gives the same.
-- Example: SELECT search_plain('R&amp;D of &lt;i&gt;BRCA1&lt;/i&gt; at p&#x2009;&lt;&#x2009;0.05');
CREATE MACRO search_plain(text) AS CASE
    WHEN contains(text, '&') AND regexp_matches(text, '&(#[0-9xX]|[A-Za-z]+;)') THEN
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            list_reduce(
                [regexp_replace(text, '&(amp;)+', '&', 'g')] || regexp_extract_all(
                    regexp_replace(text, '&(amp;)+', '&', 'g'), '&#(?:[xX][0-9A-Fa-f]{1,6}|[0-9]{1,7});'
                ),
                lambda plain, reference: replace(plain, reference, coalesce(TRY(chr(
                    CASE WHEN reference[3] IN ('x', 'X') THEN ('0x' || reference[4:-2])::INTEGER
                        ELSE reference[3:-2]::INTEGER END
                )), ' '))
            ),
            '(?:&lt;|<)/?(?:b|i|u|em|strong|sub|sup)/?(?:&gt;|>)', '', 'g'),
            '&([A-Za-z])(?:acute|grave|circ|uml|tilde|cedil|ring|caron|slash);', '\1', 'g'),
            '&([Aa]lpha|[Bb]eta|[Gg]amma|[Dd]elta|[Ee]psilon|[Zz]eta|[Ee]ta|[Tt]heta|[Ii]ota|[Kk]appa|[Ll]ambda|[Mm]u'
            || '|[Nn]u|[Xx]i|[Oo]micron|[Pp]i|[Rr]ho|[Ss]igma|[Tt]au|[Uu]psilon|[Pp]hi|[Cc]hi|[Pp]si|[Oo]mega);', '\1', 'g'),
            '&(?:lt|gt|quot|apos|nbsp|ensp|emsp|thinsp|ndash|mdash|lsquo|rsquo|ldquo|rdquo|sbquo|bdquo|laquo|raquo|hellip'
            || '|bull|middot|times|divide|plusmn|minus|deg|le|ge|ne|asymp|prime|trade|reg|copy|para|sect|shy);', ' ', 'g')
    ELSE text
END;
