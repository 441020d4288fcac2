-- The title to show: that of the article; where NLM has none (`[Not Available].`), that in the language of the
-- publication; of a book its own.
-- Example: SELECT shown_title('[Not Available].', 'Observaciones sobre zoonosis.', NULL);
CREATE MACRO shown_title(article_title, vernacular_title, book_title) AS coalesce(
    CASE WHEN lower(rtrim(article_title, '.')) <> '[not available]' THEN article_title END,
    vernacular_title, book_title, article_title
);
