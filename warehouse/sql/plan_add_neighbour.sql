-- Adds the neighbours of the members that stand $depth steps from a seed, one step further: from the lists that this run
-- has written, and from those known before in place of which it has written none.
-- $link_kinds: the lists that are followed. $most: the first neighbours of each list.
INSERT INTO found_member
WITH at_depth AS (
    SELECT pmid FROM found_member GROUP BY pmid HAVING min(depth) = $depth
),
neighbour AS (
    SELECT pmid, link_kind, linked_pmid FROM fresh_link
    UNION ALL
    SELECT pmid, link_kind, linked_pmid
    FROM state.link SEMI JOIN obtained_list USING (pmid, link_kind) ANTI JOIN stored_list USING (pmid, link_kind)
    WHERE source = 'elink' AND link_order <= $most AND list_contains(CAST($link_kinds AS VARCHAR[]), link_kind)
)
SELECT linked_pmid, link_kind, CAST(pmid AS VARCHAR), $depth + 1 FROM neighbour SEMI JOIN at_depth USING (pmid);
