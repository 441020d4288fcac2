-- The number in a MeSH identifier, 9369 of D009369, by which headings are joined: whole numbers take a third of the time.
-- Null for what is no identifier.
-- Example: SELECT ui_number('D009369');
CREATE MACRO ui_number(ui) AS TRY_CAST(ui[2:] AS INTEGER);
