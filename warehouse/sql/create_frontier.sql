-- PMIDs that are not held, to which at least the given number of held citations are linked, in any direction and by any
-- source: what to read, or to add to the corpus, next. Those that NLM withdrew are left out.
-- Example: SELECT pmid, linked_count FROM frontier(2) LIMIT 20;
CREATE MACRO frontier(at_least) AS TABLE
WITH edge AS (
    SELECT linked_pmid AS pmid, pmid AS held_pmid, link_kind FROM link
    UNION ALL
    SELECT cited_pmid, pmid, 'reference' FROM cited_reference WHERE cited_pmid IS NOT NULL
),
beyond AS (
    SELECT pmid, count(DISTINCT held_pmid) AS linked_count, list(DISTINCT link_kind ORDER BY link_kind) AS link_kinds
    FROM edge
    SEMI JOIN citation ON citation.pmid = edge.held_pmid
    ANTI JOIN citation AS held ON held.pmid = edge.pmid
    ANTI JOIN deleted_citation ON deleted_citation.pmid = edge.pmid
    GROUP BY pmid
)
FROM beyond WHERE linked_count >= at_least
ORDER BY linked_count DESC, pmid;
