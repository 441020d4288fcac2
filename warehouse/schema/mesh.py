"""What NLM indexes a citation by: MeSH headings, chemical substances, supplementary concepts."""

from warehouse.schema.declaration import BOOL, NO_ATTRIBUTE, TEXT, below, column, either, of_citation, optional, order

HEADING = "MedlineCitation/MeshHeadingList/MeshHeading"
DESCRIPTORS = either(f"{HEADING}/DescriptorName", f"{HEADING}/Descriptor")
QUALIFIERS = either(f"{HEADING}/QualifierName", f"{HEADING}/SubHeading")
AUTO_NULL = "Not said: assigned by a person, or before the attribute came in 2025."

MESH_HEADING = of_citation(
    "mesh_heading",
    "A pair of MeSH descriptor and qualifier; a descriptor without qualifier is one row with qualifier_name ''.",
    ("heading_order", "qualifier_order"),
    order("heading_order", "the heading", counts=HEADING),
    order("qualifier_order", "the qualifier within its heading", counts=QUALIFIERS, within=HEADING, default=1),
    optional(
        "descriptor_ui",
        TEXT,
        "MeSH unique identifier: D003866.",
        source=below(DESCRIPTORS, "@UI"),
        null="Files before 2012 name it only.",
    ),
    column("descriptor_name", TEXT, "MeSH descriptor.", source=DESCRIPTORS),
    optional(
        "descriptor_type",
        TEXT,
        "Geographic, for places.",
        source=below(DESCRIPTORS, "@Type"),
        null=NO_ATTRIBUTE,
    ),
    optional(
        "is_descriptor_major",
        BOOL,
        "The descriptor alone is a main point of the article.",
        source=below(DESCRIPTORS, "@MajorTopicYN"),
        null="Not said (the DTD's default is N).",
    ),
    optional(
        "is_descriptor_auto",
        BOOL,
        "Assigned by NLM's automated indexing.",
        source=below(DESCRIPTORS, "@AutoHM"),
        null=AUTO_NULL,
    ),
    optional(
        "qualifier_ui",
        TEXT,
        "MeSH unique identifier: Q000235; '' without qualifier.",
        source=below(QUALIFIERS, "@UI"),
        null="Files before 2012 name it only.",
        default="",
    ),
    column("qualifier_name", TEXT, "MeSH qualifier; '' without one.", source=QUALIFIERS, default=""),
    optional(
        "is_qualifier_major",
        BOOL,
        "The pair is a main point of the article.",
        source=below(QUALIFIERS, "@MajorTopicYN"),
        null="No qualifier, or not said (the DTD's default is N).",
    ),
    optional(
        "is_qualifier_auto",
        BOOL,
        "Assigned by NLM's automated indexing.",
        source=below(QUALIFIERS, "@AutoHM"),
        null=AUTO_NULL,
    ),
    rows=HEADING,
    extended_by=QUALIFIERS,
)

CHEMICAL = "MedlineCitation/ChemicalList/Chemical"

SUBSTANCE = of_citation(
    "substance",
    "A chemical substance.",
    ("substance_order",),
    order("substance_order", "the substance", counts=CHEMICAL),
    optional(
        "registry_number",
        TEXT,
        "CAS, UNII or EC number; 0 where there is none.",
        source=either(f"{CHEMICAL}/RegistryNumber", f"{CHEMICAL}/CASRegistryNumber"),
    ),
    optional(
        "substance_ui",
        TEXT,
        "MeSH unique identifier.",
        source=f"{CHEMICAL}/NameOfSubstance/@UI",
        null="Files before 2012 name it only.",
    ),
    column("substance_name", TEXT, "Name.", source=f"{CHEMICAL}/NameOfSubstance"),
    rows=CHEMICAL,
)

SUPPLEMENTARY = "MedlineCitation/SupplMeshList/SupplMeshName"

SUPPLEMENTARY_MESH = of_citation(
    "supplementary_mesh",
    "A supplementary MeSH concept: disease, protocol, organism ...",
    ("supplementary_order",),
    order("supplementary_order", "the concept", counts=SUPPLEMENTARY),
    optional("supplementary_type", TEXT, "Disease, Protocol ...", source=f"{SUPPLEMENTARY}/@Type", null=NO_ATTRIBUTE),
    optional("supplementary_ui", TEXT, "MeSH identifier.", source=f"{SUPPLEMENTARY}/@UI", null=NO_ATTRIBUTE),
    column("supplementary_name", TEXT, "Name.", source=SUPPLEMENTARY, default=""),
    rows=SUPPLEMENTARY,
)
