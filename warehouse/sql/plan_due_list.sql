-- Creates due_list: the members $depth steps from a seed whose list of a kind was not obtained since a time, or never.
-- $link_kind: similar, cited_by, reference or linkout. $fetched_before: the time (UTC).
CREATE OR REPLACE TEMP TABLE due_list AS
WITH at_depth AS (
    SELECT pmid FROM found_member GROUP BY pmid HAVING min(depth) = $depth
),
fresh AS (
    SELECT pmid FROM obtained_list WHERE link_kind = $link_kind AND fetched_at >= $fetched_before
    UNION ALL
    SELECT pmid FROM stored_list WHERE link_kind = $link_kind
)
SELECT pmid, row_number() OVER (ORDER BY pmid) AS plan_order
FROM at_depth ANTI JOIN left_out USING (pmid) ANTI JOIN fresh USING (pmid);
