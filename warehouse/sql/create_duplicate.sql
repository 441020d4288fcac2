-- One row per pair of records that are probably one study, with what speaks for it. The record says so (`republished`,
-- `preprint`); or first author and year (one apart at most) agree, and with the title one of DOI, pages, abstract, all of
-- several authors in another journal, or one of them is ahead of print; or DOI and pages without it. Parts of a series,
-- updates, comments and notices are none. A proposal for a person to look at: nothing is merged.
-- Example: SELECT pmid, duplicate_pmid, evidence, title FROM duplicate WHERE list_contains(evidence, 'doi');
CREATE VIEW duplicate AS
WITH same_title AS (
    SELECT title_key FROM program.article_list WHERE title_key IS NOT NULL GROUP BY title_key HAVING count(*) > 1
),
same_doi AS (
    SELECT normal_doi FROM citation_doi WHERE is_valid GROUP BY normal_doi HAVING count(*) > 1
),
candidate AS (
    SELECT pmid FROM program.article_list SEMI JOIN same_title USING (title_key)
    UNION
    SELECT pmid FROM citation_doi SEMI JOIN same_doi USING (normal_doi) WHERE is_valid
),
notice AS (
    SELECT pmid FROM publication_type SEMI JOIN candidate USING (pmid)
    WHERE publication_type IN ('Published Erratum', 'Retraction of Publication', 'Expression of Concern', 'Comment')
),
first_author AS (
    SELECT pmid, arg_min(search_fold(coalesce(last_name, collective_name)), author_order) AS author_key
    FROM author SEMI JOIN candidate USING (pmid)
    WHERE is_valid IS DISTINCT FROM false GROUP BY pmid
),
described AS (
    SELECT
        pmid, author_key, title_key, authors, pub_year, volume, nlm_unique_id, abstract,
        coalesce(medline_pgn, start_page) AS pages
    FROM citation
    JOIN first_author USING (pmid)
    JOIN program.article_list USING (pmid)
    ANTI JOIN notice USING (pmid)
),
sharing AS (
    SELECT pmid, normal_doi, author_key, pub_year
    FROM citation_doi SEMI JOIN same_doi USING (normal_doi) JOIN described USING (pmid) WHERE is_valid
),
-- Grouped by author as well, so that a title of many records, `Reply.`, makes few pairs.
agreeing AS (
    SELECT one.pmid, other.pmid AS duplicate_pmid, true AS is_title, false AS is_doi
    FROM described AS one JOIN described AS other USING (title_key, author_key)
    WHERE one.pmid < other.pmid AND abs(one.pub_year - other.pub_year) <= 1
    UNION ALL
    SELECT one.pmid, other.pmid, false, true
    FROM sharing AS one JOIN sharing AS other USING (normal_doi, author_key)
    WHERE one.pmid < other.pmid AND abs(one.pub_year - other.pub_year) <= 1
),
said AS (
    SELECT least(preprint_pmid, article_pmid) AS pmid, greatest(preprint_pmid, article_pmid) AS duplicate_pmid,
        'preprint' AS evidence
    FROM preprint
    UNION
    SELECT least(pmid, related_pmid), greatest(pmid, related_pmid), 'republished'
    FROM correction
    WHERE ref_type IN (
        'RepublishedIn', 'RepublishedFrom', 'RetractedandRepublishedIn', 'RetractedandRepublishedFrom'
    )
),
-- An update, its comment or its erratum is another publication.
told_apart AS (
    SELECT least(pmid, related_pmid) AS pmid, greatest(pmid, related_pmid) AS duplicate_pmid
    FROM correction WHERE ref_type <> 'Cites' AND related_pmid IS NOT NULL
),
compared AS (
    SELECT
        pair.pmid, pair.duplicate_pmid, is_title, is_doi,
        one.pages = other.pages AND (
            one.volume = other.volume OR one.volume IS NULL OR other.volume IS NULL
            OR (one.nlm_unique_id <> other.nlm_unique_id AND contains(one.pages, '-'))
        ) AS is_pages,
        length(one.abstract) >= 200 AND one.abstract = other.abstract AS is_abstract,
        is_title AND one.nlm_unique_id <> other.nlm_unique_id AND len(one.authors) >= 2
            AND list_transform(one.authors, lambda name: name_key(name))
                = list_transform(other.authors, lambda name: name_key(name)) AS is_authors,
        one.nlm_unique_id = other.nlm_unique_id AND (
            (one.pages IS NULL AND one.volume IS NULL) <> (other.pages IS NULL AND other.volume IS NULL)
        ) AS is_ahead
    FROM (
        SELECT pmid, duplicate_pmid, bool_or(is_title) AS is_title, bool_or(is_doi) AS is_doi
        FROM agreeing ANTI JOIN told_apart USING (pmid, duplicate_pmid)
        GROUP BY pmid, duplicate_pmid
    ) AS pair
    JOIN described AS one ON one.pmid = pair.pmid
    JOIN described AS other ON other.pmid = pair.duplicate_pmid
),
found AS (
    SELECT pmid, duplicate_pmid, list_filter([
        'author', 'year',
        CASE WHEN is_title THEN 'title' END, CASE WHEN is_doi THEN 'doi' END, CASE WHEN is_pages THEN 'pages' END,
        CASE WHEN is_abstract THEN 'abstract' END, CASE WHEN is_authors THEN 'all authors' END,
        CASE WHEN is_ahead THEN 'ahead of print' END
    ], lambda sign: sign IS NOT NULL) AS evidence
    FROM compared
    WHERE (is_title AND (is_doi OR is_pages OR is_abstract OR is_authors OR is_ahead)) OR (is_doi AND is_pages)
    UNION ALL
    SELECT pmid, duplicate_pmid, list(evidence ORDER BY evidence) FROM said
    WHERE pmid <> duplicate_pmid GROUP BY pmid, duplicate_pmid
)
SELECT
    found.pmid,
    found.duplicate_pmid,
    evidence,
    shown_title(one.article_title, one.vernacular_title, NULL) AS title,
    shown_title(other.article_title, other.vernacular_title, NULL) AS duplicate_title,
    one.medline_ta AS journal,
    other.medline_ta AS duplicate_journal,
    one.pub_year AS year,
    other.pub_year AS duplicate_year
FROM found
JOIN citation AS one ON one.pmid = found.pmid
JOIN citation AS other ON other.pmid = found.duplicate_pmid;
