"""What kind of publication a citation is: its types, its languages and the subsets it belongs to."""

from warehouse.schema.declaration import TEXT, below, column, either, of_citation, optional, order

TYPES = either("MedlineCitation/Article/PublicationTypeList/PublicationType", "BookDocument/PublicationType")

PUBLICATION_TYPE = of_citation(
    "publication_type",
    "A publication type.",
    ("publication_type_order",),
    order("publication_type_order", "the type", counts=TYPES),
    optional(
        "publication_type_ui",
        TEXT,
        "MeSH unique identifier: D016428.",
        source=below(TYPES, "@UI"),
        null="Files before 2014 name it only.",
    ),
    column("publication_type", TEXT, "Journal Article, Review, Retracted Publication ...", source=TYPES, default=""),
    rows=TYPES,
)

LANGUAGES = either("MedlineCitation/Article/Language", "BookDocument/Language")

LANGUAGE = of_citation(
    "language",
    "A language of the publication.",
    ("language_order",),
    order("language_order", "the language", counts=LANGUAGES),
    column("language", TEXT, "Three letters: eng.", source=LANGUAGES, default=""),
    rows=LANGUAGES,
)

CITATION_SUBSET = of_citation(
    "citation_subset",
    "A subset of journals or topics the citation belongs to.",
    ("citation_subset_order",),
    order("citation_subset_order", "the subset", counts="MedlineCitation/CitationSubset"),
    column("citation_subset", TEXT, "IM for Index Medicus ...", source="MedlineCitation/CitationSubset", default=""),
    rows="MedlineCitation/CitationSubset",
)
