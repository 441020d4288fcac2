"""Keywords, most of them the authors' own, and gene symbols."""

from warehouse.schema.declaration import BOOL, TEXT, below, column, either, of_citation, optional, order

KEYWORD_LISTS = either("MedlineCitation/KeywordList", "BookDocument/KeywordList")
KEYWORDS = below(KEYWORD_LISTS, "Keyword")

KEYWORD = of_citation(
    "keyword",
    "A keyword.",
    ("keyword_order",),
    order("keyword_order", "the keyword over all lists", counts=KEYWORDS),
    order("keyword_list_order", "the record's keyword list", counts=KEYWORD_LISTS),
    optional(
        "keyword_list_owner",
        TEXT,
        "Who gave the keywords: NOTNLM for authors'.",
        source=below(KEYWORD_LISTS, "@Owner"),
        null="Not said (the DTD's default is NLM).",
    ),
    column("keyword", TEXT, "All text of it.", source=KEYWORDS, default=""),
    optional(
        "is_major_topic",
        BOOL,
        "A main point of the article.",
        source=below(KEYWORDS, "@MajorTopicYN"),
        null="Not said (the DTD's default is N).",
    ),
    rows=KEYWORDS,
)

GENE = "MedlineCitation/GeneSymbolList/GeneSymbol"

GENE_SYMBOL = of_citation(
    "gene_symbol",
    "A gene symbol as it stood in the literature (1991-1995).",
    ("gene_symbol_order",),
    order("gene_symbol_order", "the symbol", counts=GENE),
    column("gene_symbol", TEXT, "Verbatim.", source=GENE, default=""),
    rows=GENE,
)
