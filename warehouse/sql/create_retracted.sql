-- One row per PMID, held or not, that is known as retracted: by its own record, or by a notice or a corrected version that
-- names it and that NLM has not withdrawn. citation.is_retracted is what the record itself says.
-- Example: SELECT pmid, is_retracted FROM citation SEMI JOIN retracted USING (pmid) WHERE NOT is_retracted;
CREATE VIEW retracted AS
SELECT pmid FROM citation WHERE is_retracted
UNION
SELECT pmid FROM comment_correction WHERE ref_type IN ('RetractionIn', 'RetractedandRepublishedIn')
UNION
SELECT related_pmid FROM correction
WHERE ref_type IN ('RetractionOf', 'RetractedandRepublishedFrom') AND related_pmid IS NOT NULL
    AND pmid NOT IN (SELECT pmid FROM deleted_citation);
