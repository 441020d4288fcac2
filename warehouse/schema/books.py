"""What only a PubmedBookArticle has: the book, its ISBNs, sections and lists."""

from warehouse.schema.declaration import (
    INT32,
    NO_ATTRIBUTE,
    RECORD,
    TEXT,
    Column,
    below,
    column,
    either,
    of_citation,
    optional,
    order,
)

BOOK_PATH = "BookDocument/Book"


def title_links(name: str, path: str) -> tuple[Column, ...]:
    """The three link attributes of a title in a book."""
    return tuple(
        optional(f"{name}_{a}", TEXT, f"The {a} it links to.", source=below(path, f"@{a}"), null=NO_ATTRIBUTE)
        for a in ("book", "part", "sec")
    )


BOOK = of_citation(
    "book",
    "What a PubmedBookArticle has besides: the book around the chapter or section.",
    (),
    optional("book_title", TEXT, "Title of the book.", source=f"{BOOK_PATH}/BookTitle"),
    *title_links("book_title", f"{BOOK_PATH}/BookTitle"),
    *title_links("article_title", either("BookDocument/ArticleTitle", "MedlineCitation/Article/ArticleTitle")),
    optional("publisher_name", TEXT, "Publisher.", source=f"{BOOK_PATH}/Publisher/PublisherName"),
    optional("publisher_location", TEXT, "Its place.", source=f"{BOOK_PATH}/Publisher/PublisherLocation"),
    optional("pub_date_year", TEXT, "Year of publication, verbatim.", source=f"{BOOK_PATH}/PubDate/Year"),
    optional("pub_date_month", TEXT, "Month, verbatim.", source=f"{BOOK_PATH}/PubDate/Month"),
    optional("pub_date_day", TEXT, "Day, verbatim.", source=f"{BOOK_PATH}/PubDate/Day"),
    optional("pub_date_season", TEXT, "Season, verbatim.", source=f"{BOOK_PATH}/PubDate/Season"),
    optional("medline_date", TEXT, "Date in another form, verbatim.", source=f"{BOOK_PATH}/PubDate/MedlineDate"),
    optional("volume", TEXT, "Volume.", source=f"{BOOK_PATH}/Volume"),
    optional("volume_title", TEXT, "Title of the volume.", source=f"{BOOK_PATH}/VolumeTitle"),
    optional("edition", TEXT, "Edition.", source=f"{BOOK_PATH}/Edition"),
    optional("collection_title", TEXT, "Title of the series.", source=f"{BOOK_PATH}/CollectionTitle"),
    *title_links("collection_title", f"{BOOK_PATH}/CollectionTitle"),
    optional("medium", TEXT, "Internet ...", source=f"{BOOK_PATH}/Medium"),
    optional("report_number", TEXT, "Number of the report.", source=f"{BOOK_PATH}/ReportNumber"),
    rows=RECORD,
)

ISBN = of_citation(
    "isbn",
    "An ISBN of the book.",
    ("isbn_order",),
    order("isbn_order", "the ISBN", counts=f"{BOOK_PATH}/Isbn"),
    column("isbn", TEXT, "Verbatim.", source=f"{BOOK_PATH}/Isbn", default=""),
    rows=f"{BOOK_PATH}/Isbn",
)

LOCATION_LABEL = of_citation(
    "location_label",
    "A label of the place in the book.",
    ("location_label_order",),
    order("location_label_order", "the label", counts="BookDocument/LocationLabel"),
    optional(
        "location_label_type", TEXT, "part, chapter ...", source="BookDocument/LocationLabel/@Type", null=NO_ATTRIBUTE
    ),
    column("location_label", TEXT, "Verbatim.", source="BookDocument/LocationLabel", default=""),
    rows="BookDocument/LocationLabel",
)

SECTION = "BookDocument/Sections/Section"

BOOK_SECTION = of_citation(
    "book_section",
    "A section of a book; sections can be nested.",
    ("section_order",),
    order("section_order", "the section over all levels", counts=SECTION),
    optional("parent_section_order", INT32, "The section around it.", null="A section of the record itself."),
    optional("location_label", TEXT, "Label of the section.", source=f"{SECTION}/LocationLabel"),
    optional("location_label_type", TEXT, "Its type.", source=f"{SECTION}/LocationLabel/@Type", null=NO_ATTRIBUTE),
    optional("section_title", TEXT, "Title.", source=f"{SECTION}/SectionTitle"),
    *title_links("section_title", f"{SECTION}/SectionTitle"),
    rows=SECTION,
    nested="parent_section_order",
)

ITEM_LIST = "BookDocument/ItemList"

BOOK_ITEM = of_citation(
    "book_item",
    "An item of a list that describes the document, such as its synonyms.",
    ("item_list_order", "item_order"),
    order("item_list_order", "the list", counts=ITEM_LIST),
    order("item_order", "the item within its list", counts=f"{ITEM_LIST}/Item", within=ITEM_LIST),
    optional("list_type", TEXT, "Kind of list.", source=f"{ITEM_LIST}/@ListType", null=NO_ATTRIBUTE),
    column("item", TEXT, "Verbatim.", source=f"{ITEM_LIST}/Item", default=""),
    rows=f"{ITEM_LIST}/Item",
)
