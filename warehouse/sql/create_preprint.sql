-- One row per preprint and the article that it became, as UpdateIn or UpdateOf of either record says; by PMID, else by the
-- DOI in the tie's words. A preprint is a record of that publication type or, where it is not held, what stands on one of
-- the servers that NLM takes preprints from. The PMIDs or DOIs that nothing gives are null.
-- Example: SELECT preprint_pmid, preprint_doi, article_pmid FROM preprint WHERE is_by_doi;
CREATE VIEW preprint AS
WITH preprint_record AS (
    SELECT DISTINCT pmid FROM publication_type
    WHERE publication_type_ui = 'D000076942' OR publication_type = 'Preprint'
),
tie AS (
    SELECT pmid AS preprint_pmid, related_pmid AS article_pmid, NULL AS preprint_doi, related_doi AS article_doi, is_by_doi
    FROM correction
    WHERE ref_type = 'UpdateIn' AND pmid IN (FROM preprint_record)
        AND related_pmid IS DISTINCT FROM pmid AND coalesce(related_pmid NOT IN (FROM preprint_record), true)
    UNION ALL
    SELECT related_pmid, pmid, related_doi, NULL, is_by_doi
    FROM correction
    WHERE ref_type = 'UpdateOf' AND pmid NOT IN (FROM preprint_record) AND (
        related_pmid IN (FROM preprint_record)
        OR regexp_matches(ref_source, '^(?:bioRxiv|medRxiv|ArXiv|ChemRxiv|Res Sq|SSRN|Preprints)\b', 'i')
        OR regexp_matches(related_doi, '^10\.(?:1101/\d|21203/rs\.|48550/arxiv|26434/chemrxiv|20944/preprints|2139/ssrn)')
    )
)
SELECT
    preprint_pmid,
    coalesce(min(preprint_doi), min(preprint.normal_doi)) AS preprint_doi,
    article_pmid,
    coalesce(min(article_doi), min(published.normal_doi)) AS article_doi,
    bool_and(is_by_doi) AS is_by_doi
FROM tie
LEFT JOIN program.article_list AS preprint ON preprint.pmid = preprint_pmid
LEFT JOIN program.article_list AS published ON published.pmid = article_pmid
GROUP BY preprint_pmid, article_pmid,
    CASE WHEN preprint_pmid IS NULL THEN preprint_doi END, CASE WHEN article_pmid IS NULL THEN article_doi END;
