-- What a run has read, each delivery with the time that it speaks of: of a reply when it came, of a file its
-- Last-Modified or the newest date in it. A deletion that nothing dates is a kind of its own: it neither hides one that has
-- a date nor is hidden by it. Assumes staged_row, the rows of staged_delivery.
CREATE TEMP TABLE staged AS
WITH document AS (
    SELECT record_source, delivered_at, max(newest_date) AS newest_date
    FROM staged_row
    GROUP BY record_source, delivered_at
),
dated AS (
    SELECT
        staged_row.* EXCLUDE (newest_date, last_modified),
        CASE WHEN delivery_kind IN ('efetch', 'sample') THEN delivered_at
            ELSE coalesce(last_modified, CAST(document.newest_date AS TIMESTAMP)) END AS as_of
    FROM staged_row
    JOIN document USING (record_source, delivered_at)
)
SELECT * REPLACE (
    CASE WHEN delivery_kind = 'file' AND is_deletion AND as_of IS NULL THEN 'undated_file' ELSE delivery_kind END
    AS delivery_kind
)
FROM dated;
