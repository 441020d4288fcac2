-- Makes the neighbours that a backfill followed its own; via says of which PMID's which list they are.
UPDATE found_member SET via = reason || ' ' || via, reason = 'backfill' WHERE reason <> 'backfill';
