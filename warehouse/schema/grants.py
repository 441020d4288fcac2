"""The grants and contracts that supported the work."""

from warehouse.schema.declaration import TEXT, below, either, of_citation, optional, order

GRANTS = either("MedlineCitation/Article/GrantList/Grant", "BookDocument/GrantList/Grant")

GRANT_SUPPORT = of_citation(
    "grant_support",
    "A grant or contract that supported the work.",
    ("grant_order",),
    order("grant_order", "the grant", counts=GRANTS),
    optional("grant_id", TEXT, "Number of the grant.", source=below(GRANTS, "GrantID")),
    optional("acronym", TEXT, "NIH's code of the institute.", source=below(GRANTS, "Acronym")),
    optional("agency", TEXT, "Who gave it.", source=below(GRANTS, "Agency")),
    optional("country", TEXT, "Country of the agency.", source=below(GRANTS, "Country")),
    rows=GRANTS,
)
