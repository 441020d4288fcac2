-- What is worth reading next: PMIDs that are not held and that the most citations held are linked to, two at least; with
-- the words in which one of them cites it, where a reference list has it.
WITH next AS (SELECT * FROM frontier(2) ORDER BY linked_count DESC, pmid LIMIT 25)
SELECT pmid, linked_count AS linked, list_aggregate(link_kinds, 'string_agg', ', ') AS links,
    (SELECT arg_min(citation, length(citation)) FROM cited_reference
        WHERE cited_pmid = next.pmid AND citation IS NOT NULL) AS cited_as
FROM next ORDER BY linked_count DESC, pmid
