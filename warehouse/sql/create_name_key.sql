-- A name as names are compared: in Unicode's composed form (NFC) and without case; accents count.
-- Example: SELECT name_key('Müller-Weiß A') = name_key('MÜLLER-WEISS A');
CREATE MACRO name_key(name) AS replace(lower(nfc_normalize(name)), 'ß', 'ss');
