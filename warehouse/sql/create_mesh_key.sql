-- A name of MeSH as it is looked up: hyphens are spaces, `&` is `and`, apostrophes are left out, small letters.
-- `flows.corpus_search.vocabulary.spaced` gives the same.
-- Example: SELECT mesh_key('Infant, Low Birth-Weight');
CREATE MACRO mesh_key(name) AS trim(regexp_replace(
    replace(replace(replace(lower(name), '-', ' '), '&', 'and'), '''', ''), '\s+', ' ', 'g'
));
