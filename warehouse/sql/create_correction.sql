-- One row per tie of table comment_correction, with the PMID that it leads to: the one that the record gives or, where it
-- gives none, the only other citation held that has the DOI in its words (macro normal_doi).
-- Example: SELECT pmid, ref_type, related_pmid, related_doi FROM correction WHERE is_by_doi;
CREATE VIEW correction AS
WITH named AS (
    SELECT *, CASE WHEN contains(ref_source, '10.') THEN
        normal_doi(regexp_extract(ref_source, '\b10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+')) END AS related_doi
    FROM comment_correction
),
found AS (
    SELECT normal_doi AS related_doi, min(pmid) AS found_pmid
    FROM citation_doi
    WHERE is_valid AND normal_doi IN (SELECT related_doi FROM named WHERE related_pmid IS NULL)
    GROUP BY normal_doi HAVING count(*) = 1
)
SELECT
    pmid,
    comment_order,
    ref_type,
    coalesce(related_pmid, CASE WHEN found_pmid <> pmid THEN found_pmid END) AS related_pmid,
    related_doi,
    ref_source,
    note,
    related_pmid IS NULL AND found_pmid <> pmid AS is_by_doi
FROM named LEFT JOIN found USING (related_doi);
