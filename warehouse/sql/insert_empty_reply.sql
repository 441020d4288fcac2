-- The PMIDs that are believed deleted: held, left out in this run, and first left out since their last delivery in a run
-- that began early enough, so that one outage is not taken for two answers. Parameter: $confirmed_before. Assumes
-- held_citation, asked_pmid and answer.
INSERT INTO empty_reply
SELECT pmid
FROM answer
SEMI JOIN held_citation USING (pmid)
JOIN (SELECT pmid, missing_since FROM asked_pmid) AS asked USING (pmid)
GROUP BY pmid
HAVING arg_max(answer.outcome, answer_order) = 'not_found' AND any_value(missing_since) <= $confirmed_before;
