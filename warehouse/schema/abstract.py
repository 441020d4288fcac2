"""The sections of the main abstract and of other abstracts."""

from warehouse.schema.declaration import NO_ATTRIBUTE, TEXT, below, column, either, of_citation, optional, order

ABSTRACTS = either("MedlineCitation/Article/Abstract", "BookDocument/Abstract")
OTHER_ABSTRACT = "MedlineCitation/OtherAbstract"
ALL_ABSTRACTS = either(ABSTRACTS, OTHER_ABSTRACT)

ABSTRACT_SECTION = of_citation(
    "abstract_section",
    "A section of the main or of another abstract; an abstract without sections is one row.",
    ("abstract_kind", "language", "section_order"),
    column(
        "abstract_kind",
        TEXT,
        "main, or the type of another abstract: Publisher, plain-language-summary ...",
        source=f"{OTHER_ABSTRACT}/@Type",
        default="main",
    ),
    column(
        "language",
        TEXT,
        "Language of another abstract; '' for the main one and where not said (the DTD's default is eng).",
        source=f"{OTHER_ABSTRACT}/@Language",
        default="",
    ),
    order("section_order", "the section within its abstract_kind and language"),
    order(
        "abstract_order",
        "the abstract among the other abstracts; 0 for the main one",
        counts=OTHER_ABSTRACT,
        default=0,
    ),
    optional(
        "label",
        TEXT,
        "Heading of the section.",
        source=below(ALL_ABSTRACTS, "AbstractText/@Label"),
        null=NO_ATTRIBUTE,
    ),
    optional(
        "nlm_category",
        TEXT,
        "NLM's category.",
        source=below(ALL_ABSTRACTS, "AbstractText/@NlmCategory"),
        null=NO_ATTRIBUTE,
    ),
    column(
        "section_text",
        TEXT,
        "All text of the section without markup; '' where empty.",
        source=below(ALL_ABSTRACTS, "AbstractText"),
        default="",
    ),
    optional(
        "section_xml",
        TEXT,
        "The section as the XML has it, with its markup and references: 10<sup>-8</sup>, <sup>14</sup>C.",
        source="Derived: the content of the section's element.",
        null="It has no superscript, subscript or formula, or was read before this column was there.",
    ),
    optional(
        "copyright_information",
        TEXT,
        "Copyright statement of the abstract the section belongs to.",
        source=below(ALL_ABSTRACTS, "CopyrightInformation"),
    ),
    rows=below(ALL_ABSTRACTS, "AbstractText"),
)
