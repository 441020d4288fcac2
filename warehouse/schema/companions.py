"""The tables that a person keeps beside the corpus, as files in `seeds/tables/`; warehouse/companions.py reads them."""

from warehouse.schema.declaration import DERIVED, INT64, TEXT, Table, column, optional

COMPANION = Table(
    "companion",
    "A table of the corpus that was made from a file of `seeds/tables/`: labels, notes, metrics, a list of others.",
    ("table_name",),
    (
        column("table_name", TEXT, "The table, called after its file."),
        column("file_name", TEXT, "The file that its rows are from."),
        column("file_sha256", TEXT, "SHA-256 of the file."),
        column("file_bytes", INT64, "Its bytes."),
        column("row_count", INT64, "Rows; none is left out."),
        column("by_doi_count", INT64, "Rows whose PMID is not in the file, and was found in the corpus by their DOI."),
        column("without_pmid_count", INT64, "Rows without a PMID: neither the file nor the corpus gives one."),
        column("not_held_count", INT64, "PMIDs that the corpus did not hold when the file was read."),
        optional(
            "trouble",
            TEXT,
            "Why the file as it is now could not be used; the rows are those of the last one that could.",
            null="The rows are those of the file.",
        ),
    ),
    owner=DERIVED,
)
