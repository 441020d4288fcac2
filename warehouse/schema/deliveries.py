"""What was delivered: the files that were read, and the last delivery of each PMID by each kind of source."""

from warehouse.schema.declaration import (
    BOOL,
    DATE,
    INT16,
    INT32,
    INT64,
    RUN_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Table,
    column,
    optional,
)

NO_FILE = "It came from no numbered file."
IS_DELETION = "It is a deletion."

# What a delivery says of itself; two deliveries are compared by these columns (warehouse/sql/temp_holding.sql).
DELIVERED: tuple[Column, ...] = (
    column("pmid", INT64, "PubMed identifier."),
    column(
        "delivery_kind",
        TEXT,
        "nlm_file (a file of NLM's numbered series), file (any other), undated_file (a deletion in one without a "
        "date), efetch, or sample (the seed documents).",
    ),
    column("is_deletion", BOOL, "It withdraws the PMID; otherwise it is a record."),
    optional("pmid_version", INT16, "Version of the PMID.", null=IS_DELETION),
    optional("content_sha256", TEXT, "As in citation.", null=IS_DELETION),
    optional("date_revised", DATE, "As in citation.", null="It is a deletion, or NLM does not say."),
    optional("nlm_year", INT16, "Two digits of the file's year: 26 of pubmed26n1402.", null=NO_FILE),
    optional("nlm_number", INT32, "The file's number: 1402 of pubmed26n1402.", null=NO_FILE),
    column("chunk_order", INT32, "Position, in its document, of the chunk that has it."),
    column("record_order", INT32, "Its position in that chunk."),
    optional("evidence", TEXT, "DeleteCitation, DeleteDocument, empty_reply or baseline.", null="It is a record."),
    column("record_source", TEXT, "The file, or the request, it came from."),
    column("delivered_at", TIMESTAMP, "When the reply came, or the file was read."),
)

DELIVERY = Table(
    "delivery",
    "The last delivery of a PMID by one kind of source, a record or a deletion, in the order in which deliveries hold.",
    ("pmid", "delivery_kind", "is_deletion"),
    (
        *DELIVERED,
        optional(
            "as_of",
            TIMESTAMP,
            "What time it speaks of: of a reply when it came, of a file its Last-Modified or the newest date in it.",
            null="Nothing dates it; it is as of delivered_at.",
        ),
        column("record_run_id", TEXT, "The run whose raw_citation has the record; of a deletion, the run itself."),
        RUN_ID,
    ),
    is_ledger=True,
)

STAGED_DELIVERY = Table(
    "staged_delivery",
    "A record or deletion as it was read, before it is decided what holds.",
    ("chunk_order", "record_order"),
    (
        *DELIVERED,
        optional("newest_date", DATE, "The newest of DateRevised and DateCompleted.", null="It has neither."),
        optional("last_modified", TIMESTAMP, "Last-Modified of the file.", null="Not known."),
        optional("reason", TEXT, "Why the record was rejected.", null="It was read."),
        column("is_superseded", BOOL, "A later record of the PMID in the same chunk takes its place; it has no rows."),
    ),
)

FILE = Table(
    "file",
    "A file that was read.",
    ("file_name", "file_md5"),
    (
        column("file_name", TEXT, "Its name without folders."),
        column("file_md5", TEXT, "MD5, hex, of its bytes on disk."),
        optional("nlm_year", INT16, "Two digits of the year in its name.", null="It is no file of NLM's series."),
        optional("nlm_number", INT32, "The number in its name.", null="It is no file of NLM's series."),
        column("file_bytes", INT64, "Its size on disk."),
        optional("last_modified", TIMESTAMP, "Last-Modified, as the server said.", null="Not downloaded by a sync."),
        optional("newest_date", DATE, "The newest date in its records.", null="They have none."),
        column("record_count", INT64, "Records in it, those that were rejected or came twice among them."),
        column("deletion_count", INT64, "PMIDs that it withdraws."),
        column("rejected_count", INT64, "Records that could not be read."),
        column("is_whole", BOOL, "It was read to its end; otherwise it breaks off, and was salvaged."),
        column("read_at", TIMESTAMP, "When it was read."),
        RUN_ID,
    ),
    is_ledger=True,
)
