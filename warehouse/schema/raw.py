"""The bytes as they came, kept in Parquet only."""

from warehouse.schema.declaration import BYTES, INT16, INT64, RUN_ID, TEXT, TIMESTAMP, Table, column, order

RAW_CITATION = Table(
    "raw_citation",
    "A record as it came.",
    ("run_id", "pmid", "pmid_version"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column("pmid_version", INT16, "Version of the PMID."),
        column("record_xml", BYTES, "The record's element, byte for byte (UTF-8)."),
        column("record_sha256", TEXT, "SHA-256, hex, of those bytes."),
        column("content_sha256", TEXT, "As in citation."),
        column("source", TEXT, "efetch or file."),
        column("record_source", TEXT, "The request, or the file's name, it came from."),
        column("fetched_at", TIMESTAMP, "When it came."),
    ),
    is_log=True,
    is_raw=True,
)

RAW_REPLY = Table(
    "raw_reply",
    "Any other reply that rows were made from: ELink, ESearch, ECitMatch.",
    ("run_id", "reply_order"),
    (
        RUN_ID,
        order("reply_order", "the reply in its run"),
        column("utility", TEXT, "elink, esearch, ecitmatch ..."),
        column("parameters", TEXT, "The request's parameters, without the API key."),
        column("reply", BYTES, "The body, byte for byte."),
        column("reply_sha256", TEXT, "SHA-256, hex, of the body."),
        column("fetched_at", TIMESTAMP, "When it came."),
    ),
    is_log=True,
    is_raw=True,
)
