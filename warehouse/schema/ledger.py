"""The accounts of the runs: what each asked for, what became of it, and what was deleted, rejected or unknown."""

from warehouse.schema.declaration import (
    BOOL,
    BYTES,
    DATE,
    INT64,
    RUN_ID,
    TEXT,
    TIMESTAMP,
    Table,
    column,
    optional,
    order,
)

DELETED_CITATION = Table(
    "deleted_citation",
    "A PMID that NLM withdrew, or that Entrez has stopped delivering.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column(
            "evidence",
            TEXT,
            "DeleteCitation, DeleteDocument, empty_reply (twice, in two runs), or baseline (a new one lacks it).",
        ),
        column("evidence_source", TEXT, "File, or request, that said so."),
        RUN_ID,
    ),
)

REJECTED_CITATION = Table(
    "rejected_citation",
    "A record that could not be read.",
    ("run_id", "pmid", "record_order"),
    (
        RUN_ID,
        order("record_order", "the record among the run's rejected ones"),
        optional("pmid", INT64, "PubMed identifier.", null="It could not be read."),
        column("record_xml", BYTES, "The record as it came; empty for one that is too large to be published."),
        column("reason", TEXT, "What is wrong with it."),
        column("parser_version", TEXT, "Version of the code that refused it."),
        column("record_source", TEXT, "File or request it came from."),
    ),
    is_log=True,
)

UNKNOWN_ELEMENT = Table(
    "unknown_element",
    "An element or attribute that no column is declared for, or whose value its column cannot hold, as met in a run.",
    ("run_id", "path"),
    (
        RUN_ID,
        column("path", TEXT, "Path from the record's element; attributes as @Name."),
        column("element_count", INT64, "How often it was met."),
        column("example_pmid", INT64, "The first record that has it."),
        optional("example_text", TEXT, "Its text there, 200 characters at most.", null="Empty."),
    ),
    is_log=True,
)

RUN = Table(
    "run",
    "A run that was committed.",
    ("run_id",),
    (
        RUN_ID,
        column("run_kind", TEXT, "refresh, links, backfill, ingest, mesh, compact or rebuild."),
        column("started_at", TIMESTAMP, "When it began."),
        column("finished_at", TIMESTAMP, "When it was committed."),
        column("run_source", TEXT, "Base URL of the E-utilities, `sample`, or the name of the file."),
        optional("reason", TEXT, "Why somebody started it.", null="Not said."),
        column("requested_count", INT64, "PMIDs asked for; the sum of the eight that follow."),
        column("new_count", INT64, "Not held before."),
        column("revised_count", INT64, "Held, and different now."),
        column("unchanged_count", INT64, "Held, and the same."),
        optional("older_count", INT64, "Delivered, but what holds is later.", null="A run before this was counted."),
        column("not_found_count", INT64, "Unknown to NCBI."),
        column("deleted_count", INT64, "Withdrawn."),
        column("rejected_count", INT64, "Delivered, but unreadable."),
        column("failed_count", INT64, "Not delivered; owed to the next run."),
        column(
            "is_complete",
            BOOL,
            "All that was planned was obtained; a refresh looks for revisions since the last complete one began.",
        ),
        column("request_count", INT64, "Requests sent to the E-utilities, attempts included."),
        column("code_version", TEXT, "Version of this project."),
        optional(
            "run_failure", TEXT, "Why it failed; nothing but its searches was kept then.", null="It did not fail."
        ),
    ),
    is_log=True,
)

OUTCOMES = ("new", "revised", "unchanged", "older", "not_found", "deleted", "rejected", "failed")

REQUEST = Table(
    "request",
    "A PMID that a run asked for, with its one outcome.",
    ("run_id", "pmid"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column("plan_reason", TEXT, "Why it was asked for: new, revised, owed, asked, file ..."),
        column("outcome", TEXT, "new, revised, unchanged, older, not_found, deleted, rejected or failed."),
        optional("detail", TEXT, "NCBI's words, or the reason.", null="Nothing to add."),
    ),
    is_log=True,
)

SEARCH_RUN = Table(
    "search_run",
    "A search of a run, whether it found anything or not.",
    ("run_id", "search_order"),
    (
        RUN_ID,
        order("search_order", "the search in its run"),
        column("search_name", TEXT, "Name of its *.query file, as in member.via; a backfill's search itself."),
        column("search_text", TEXT, "The search as asked."),
        optional("date_type", TEXT, "The date that its window is of: edat, mdat, pdat or crdt.", null="No window."),
        optional("from_date", DATE, "The window's first day.", null="No window, or open there."),
        optional("to_date", DATE, "The window's last day.", null="No window, or open there."),
        optional("translation", TEXT, "How NCBI understood it (QueryTranslation).", null="It did not say."),
        optional(
            "ignored",
            TEXT,
            "What of it NCBI did not search as asked, joined by '; ': PhraseNotFound, FieldNotFound, PhraseIgnored, "
            "QuotedPhraseNotFound or OutputMessage, and NCBI's words.",
            null="Nothing.",
        ),
        optional("promised_count", INT64, "PMIDs that NCBI said it finds.", null="It was not answered."),
        optional("delivered_count", INT64, "PMIDs that came.", null="It was not answered."),
        optional(
            "new_count",
            INT64,
            "Those that it had not found in the run before.",
            null="Not answered, or its run failed.",
        ),
        optional("failure", TEXT, "Why it was not answered.", null="It was."),
    ),
    is_log=True,
)
