"""The corpus: which PMIDs belong to it, and why."""

from warehouse.schema.declaration import INT16, INT64, RUN_ID, TEXT, Table, column, optional

MEMBER = Table(
    "member",
    "A reason why a PMID is in the corpus.",
    ("pmid", "reason", "via"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("reason", TEXT, "seed, similar, cited_by, reference, pmids, query, backfill or file."),
        column("via", TEXT, "The seed, file or query it comes from, or the PMID whose neighbour it is; '' if none."),
        column("depth", INT16, "Steps along links from a seed: 0 for the seed itself."),
        column("since_run_id", TEXT, "The run in which the reason began to hold."),
        optional("until_run_id", TEXT, "The run that no longer found it.", null="It holds."),
        RUN_ID,
    ),
)
