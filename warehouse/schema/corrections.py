"""The ties between a citation and its errata, retractions, comments and updates."""

from warehouse.schema.declaration import (
    INT16,
    INT64,
    NO_ATTRIBUTE,
    TEXT,
    Column,
    below,
    either,
    of_citation,
    optional,
    order,
)

TIE = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections"

# Files before 2008 have an element for each kind of tie.
OLD_TIES = either(
    *(
        f"MedlineCitation/CommentsCorrections/{kind}"
        for kind in (
            "CommentIn",
            "CommentOn",
            "ErratumFor",
            "ErratumIn",
            "OriginalReportIn",
            "PartialRetractionIn",
            "PartialRetractionOf",
            "RepublishedFrom",
            "RepublishedIn",
            "RetractionIn",
            "RetractionOf",
            "SummaryForPatientsIn",
            "UpdateIn",
            "UpdateOf",
        )
    )
)
TIES = either(TIE, OLD_TIES)

COMMENT_CORRECTION = of_citation(
    "comment_correction",
    "A tie to another citation: erratum, retraction, comment, update ...",
    ("comment_order",),
    order("comment_order", "the tie", counts=TIES),
    Column(
        "ref_type",
        TEXT,
        "RetractionIn, ErratumFor, CommentOn ...; in files before 2008 the name of the element.",
        source=f"{TIE}/@RefType",
        null=NO_ATTRIBUTE,
        step=1,
    ),
    optional("ref_source", TEXT, "The other citation in words.", source=below(TIES, "RefSource")),
    optional(
        "related_pmid",
        INT64,
        "Its PMID.",
        source=below(TIES, "PMID"),
        null="Not in PubMed, not matched, or not a PMID.",
    ),
    optional("related_pmid_version", INT16, "Version of that PMID.", source=below(TIES, "PMID/@Version")),
    optional("note", TEXT, "Note.", source=below(TIES, "Note")),
    rows=TIES,
)
