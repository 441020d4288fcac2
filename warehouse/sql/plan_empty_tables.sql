-- Creates what a run fills in on its way. found_member: a reason for which a PMID is in the corpus, as the seeds, the
-- searches and the links say; the same reason can come more than once, the fewest steps count. stored_list: a list that
-- this run has written. fresh_link: the neighbours in those lists that are followed. plan: the PMIDs to ask for, each
-- with the first reason that applies, in the order in which they are asked for.
CREATE TEMP TABLE found_member (pmid BIGINT, reason VARCHAR, via VARCHAR, depth SMALLINT);
CREATE TEMP TABLE stored_list (pmid BIGINT, link_kind VARCHAR);
CREATE TEMP TABLE fresh_link (pmid BIGINT, link_kind VARCHAR, linked_pmid BIGINT);
CREATE TEMP TABLE plan (pmid BIGINT, reason VARCHAR, plan_order BIGINT);
