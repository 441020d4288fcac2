"""The neighbours of a citation, and its LinkOut resources."""

from warehouse.schema.declaration import INT32, INT64, RUN_ID, TEXT, TIMESTAMP, Table, column, optional, order

LINK_KIND = column(
    "link_kind",
    TEXT,
    "similar, cited_by or reference, seen from pmid; on seed pages also comment_in, erratum_in, retraction_in ...",
)
LINK_SOURCE = column("source", TEXT, "elink, seed (a list of the seed page) or record (its own reference list).")

LINK_LIST = Table(
    "link_list",
    "A list of neighbours as last obtained from one source; a list can be empty.",
    ("pmid", "link_kind", "source"),
    (
        column("pmid", INT64, "The citation whose neighbours are listed."),
        LINK_KIND,
        LINK_SOURCE,
        column("link_count", INT32, "Number of neighbours in the list."),
        RUN_ID,
        optional("fetched_at", TIMESTAMP, "When it was obtained.", null="From seed text."),
    ),
)

LINK = Table(
    "link",
    "An edge to another PMID.",
    ("pmid", "link_kind", "linked_pmid", "source"),
    (
        column("pmid", INT64, "The citation the edge starts from."),
        LINK_KIND,
        column("linked_pmid", INT64, "The neighbour."),
        LINK_SOURCE,
        order("link_order", "the neighbour in its list"),
        optional("score", INT64, "NCBI's similarity score; higher is nearer.", null="The source gives none."),
    ),
    owner="link_list",
    owner_key=("pmid", "link_kind", "source"),
)

LINKOUT_LIST = Table(
    "linkout_list",
    "The LinkOut resources of a citation as last obtained; there can be none.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("linkout_count", INT32, "Number of resources."),
        RUN_ID,
        column("fetched_at", TIMESTAMP, "When it was obtained."),
    ),
)

LINKOUT = Table(
    "linkout",
    "A LinkOut provider and URL.",
    ("pmid", "linkout_order"),
    (
        column("pmid", INT64, "PubMed identifier."),
        order("linkout_order", "the resource"),
        column("url", TEXT, "Address of the resource.", source="ELink llinks: ObjUrl/Url"),
        optional("link_name", TEXT, "Name of the link.", source="ELink llinks: ObjUrl/LinkName"),
        optional(
            "subject_type", TEXT, "Kind of resource; several joined by '; '.", source="ELink llinks: ObjUrl/SubjectType"
        ),
        optional("category", TEXT, "Category; several joined by '; '.", source="ELink llinks: ObjUrl/Category"),
        optional(
            "attribute",
            TEXT,
            "free resource, full-text online ...; joined by '; '.",
            source="ELink llinks: ObjUrl/Attribute",
        ),
        optional("provider_name", TEXT, "Provider.", source="ELink llinks: ObjUrl/Provider/Name"),
        optional("provider_abbr", TEXT, "Its abbreviation.", source="ELink llinks: ObjUrl/Provider/NameAbbr"),
        optional("provider_id", TEXT, "NCBI's id of it.", source="ELink llinks: ObjUrl/Provider/Id"),
    ),
    owner="linkout_list",
    owner_key=("pmid",),
)
