"""NLM's MeSH of one year: headings, their places in the tree, their names, qualifiers and supplementary records.

`corpus mesh` reads them from NLM's XML. A file of a kind replaces all rows of the one before it; the file of the latest
year holds, of that year the one that was read last.
"""

from collections.abc import Iterable

from warehouse.schema.declaration import (
    BOOL,
    INT8,
    INT16,
    INT64,
    RUN_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Table,
    column,
    optional,
    order,
)

DESCRIPTOR, QUALIFIER, SUPPLEMENTARY = "descriptor", "qualifier", "supplementary"

KIND = column("mesh_kind", TEXT, "The kind of file that has it: descriptor, qualifier or supplementary.")
RECORD_UI = column("mesh_ui", TEXT, "The record: a descriptor (D), qualifier (Q) or supplementary record (C).")

MESH_FILE = Table(
    "mesh_file",
    "A file of NLM's MeSH that holds: the latest year of its kind.",
    ("mesh_kind",),
    (
        KIND,
        column("mesh_year", INT16, "The year of MeSH that it is."),
        column("file_name", TEXT, "Its name, or its address."),
        column("file_md5", TEXT, "MD5 of the file as it came, hex."),
        column("file_bytes", INT64, "Its size as it came."),
        column("record_count", INT64, "Records in it."),
        column("read_at", TIMESTAMP, "When it was read, UTC."),
        RUN_ID,
    ),
)


def of_mesh(name: str, row: str, key: Iterable[str], *columns: Column) -> Table:
    """A table of what a file of MeSH says: a later file of the kind replaces all of its rows."""
    return Table(name, row, tuple(key), (KIND, *columns), owner=MESH_FILE.name, owner_key=("mesh_kind",))


MESH_DESCRIPTOR = of_mesh(
    "mesh_descriptor",
    "A MeSH heading.",
    ("descriptor_ui",),
    column("descriptor_ui", TEXT, "MeSH unique identifier: D003866."),
    column("descriptor_name", TEXT, "The heading."),
    column("descriptor_class", INT8, "1 topical, 2 publication type, 3 check tag, 4 geographic."),
    optional("scope_note", TEXT, "What it means.", null="MeSH says nothing."),
    optional("annotation", TEXT, "How indexers use it.", null="MeSH says nothing."),
    optional("registry_number", TEXT, "CAS, UNII or EC number of its preferred concept.", null="It has none."),
)

MESH_TREE_NUMBER = of_mesh(
    "mesh_tree_number",
    "A place of a descriptor or qualifier in the tree; what stands below it begins with its number and a dot.",
    ("mesh_ui", "tree_number"),
    RECORD_UI,
    column("tree_number", TEXT, "The place: F03.600.300."),
)

MESH_TERM = of_mesh(
    "mesh_term",
    "A name of a record: the heading itself, an entry term, or one with its words in another order.",
    ("mesh_ui", "term_order"),
    RECORD_UI,
    order("term_order", "the name among those of the record"),
    column("term_name", TEXT, "The name."),
    optional("term_ui", TEXT, "MeSH unique identifier of the name: T000001.", null="The file gives none."),
    column("concept_ui", TEXT, "The concept that it names: M0000001."),
    column("concept_name", TEXT, "The concept's preferred name."),
    column("is_preferred_concept", BOOL, "The concept is the one that the record is named for, not one beside it."),
    column("is_preferred_term", BOOL, "It is the name of the record."),
    column("is_permuted", BOOL, "It is another name with its words in another order."),
)

MESH_QUALIFIER = of_mesh(
    "mesh_qualifier",
    "A MeSH qualifier (subheading).",
    ("qualifier_ui",),
    column("qualifier_ui", TEXT, "MeSH unique identifier: Q000188."),
    column("qualifier_name", TEXT, "The qualifier."),
    optional("abbreviation", TEXT, "Its two letters: DT.", null="The file gives none."),
    optional("scope_note", TEXT, "What it means.", null="MeSH says nothing."),
)

MESH_SUPPLEMENTARY = of_mesh(
    "mesh_supplementary",
    "A supplementary concept record: a substance, protocol, disease, organism or population that is no heading.",
    ("supplementary_ui",),
    column("supplementary_ui", TEXT, "MeSH unique identifier: C000001."),
    column("supplementary_name", TEXT, "Its name."),
    optional(
        "supplementary_class", INT8, "1 substance, 2 protocol, 3 disease, 4 organism, 5 population, 6 anatomy.",
        null="Files before 2011 do not say.",
    ),
    optional("note", TEXT, "What it means.", null="MeSH says nothing."),
    optional("registry_number", TEXT, "CAS, UNII or EC number of its preferred concept.", null="It has none."),
)  # fmt: skip

MESH_MAPPED_HEADING = of_mesh(
    "mesh_mapped_heading",
    "A heading that citations of a supplementary record are indexed by.",
    ("supplementary_ui", "mapped_order"),
    column("supplementary_ui", TEXT, "The supplementary record."),
    order("mapped_order", "the heading"),
    column("descriptor_ui", TEXT, "The descriptor, without the asterisk that a main point has."),
    column("descriptor_name", TEXT, "Its name."),
    optional("qualifier_ui", TEXT, "The qualifier.", null="There is none."),
    optional("qualifier_name", TEXT, "Its name.", null="There is none."),
    column("is_major", BOOL, "It is a main point."),
)

MESH_PHARMACOLOGICAL_ACTION = of_mesh(
    "mesh_pharmacological_action",
    "What a substance does: a heading of MeSH's tree of actions.",
    ("mesh_ui", "action_ui"),
    RECORD_UI,
    column("action_ui", TEXT, "The descriptor of the action: D000927."),
    column("action_name", TEXT, "Its name."),
)
