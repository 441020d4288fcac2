-- What each document says of a PMID: of the records that could be read the later one of the highest version, and the last
-- deletion. Assumes staged.
CREATE TEMP TABLE delivered AS
SELECT * EXCLUDE (reason, is_superseded)
FROM staged
WHERE reason IS NULL AND NOT is_superseded
QUALIFY row_number() OVER (
    PARTITION BY pmid, is_deletion, delivery_kind, record_source, delivered_at
    ORDER BY pmid_version DESC, chunk_order DESC, record_order DESC
) = 1;
