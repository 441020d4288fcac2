-- A person's name as lists of authors show it, last name, initials and suffix, or the collective's name.
-- Example: SELECT shown_name(last_name, initials, suffix, collective_name) FROM author WHERE pmid = 25217177 ORDER BY author_order;
CREATE MACRO shown_name(last_name, initials, suffix, collective_name) AS coalesce(
    collective_name, concat_ws(' ', last_name, initials, ltrim(suffix, ', '))
);
