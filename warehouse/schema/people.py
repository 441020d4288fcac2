"""Authors and investigators with their identifiers and affiliations, and the people an article is about."""

from warehouse.schema.declaration import (
    BOOL,
    INT32,
    NO_ATTRIBUTE,
    TEXT,
    Column,
    Table,
    below,
    column,
    either,
    of_citation,
    optional,
    order,
)

AUTHOR_LISTS = either("MedlineCitation/Article/AuthorList", "BookDocument/AuthorList", "BookDocument/Book/AuthorList")
INVESTIGATOR_LISTS = either(
    "MedlineCitation/InvestigatorList", "BookDocument/InvestigatorList", "BookDocument/Book/InvestigatorList"
)


def person_columns(lists: str, persons: str) -> tuple[Column, ...]:
    """The columns that an author and an investigator share."""
    return (
        order("list_order", "the record's list that the person is in", counts=lists),
        column(
            "list_path",
            TEXT,
            "Where that list stands: Article, MedlineCitation, BookDocument (a chapter's) or Book (the whole book's).",
            step=3,
        ),
        optional("list_type", TEXT, "authors or editors, in books.", source=below(lists, "@Type"), null=NO_ATTRIBUTE),
        optional(
            "list_id",
            TEXT,
            "The list's ID, which a collective name refers to.",
            source=below(lists, "@ID"),
            null=NO_ATTRIBUTE,
        ),
        optional(
            "is_list_complete",
            BOOL,
            "False where the list leaves people out.",
            source=below(lists, "@CompleteYN"),
            null="Not said (the DTD's default is Y).",
        ),
        optional("last_name", TEXT, "Family name.", source=below(persons, "LastName")),
        optional(
            "fore_name", TEXT, "Given names.", source=either(below(persons, "ForeName"), below(persons, "FirstName"))
        ),
        optional("middle_name", TEXT, "Middle name, in files before 2008.", source=below(persons, "MiddleName")),
        optional("initials", TEXT, "Initials of the given names.", source=below(persons, "Initials")),
        optional("suffix", TEXT, "Jr, 3rd ...", source=below(persons, "Suffix")),
        optional("collective_name", TEXT, "Name of a group.", source=below(persons, "CollectiveName")),
        optional(
            "collective_investigators",
            TEXT,
            "ID of the investigator list that names the group's members.",
            source=below(persons, "CollectiveName/@Investigators"),
            null=NO_ATTRIBUTE,
        ),
        optional(
            "is_valid",
            BOOL,
            "False for a name that was corrected elsewhere.",
            source=below(persons, "@ValidYN"),
            null="Not said (the DTD's default is Y).",
        ),
        optional(
            "is_equal_contrib",
            BOOL,
            "Contributed equally with the others so marked.",
            source=below(persons, "@EqualContrib"),
            null="Not said.",
        ),
        optional(
            "orcid",
            TEXT,
            "The first ORCID that is well-formed, as 0000-0002-1825-0097.",
            source="Derived from the identifiers.",
            null="No ORCID, or none that is well-formed.",
        ),
    )


def person_tables(name: str, lists: str, element: str, whole: str) -> tuple[Table, Table, Table, Table]:
    """The tables of an author or investigator: persons, identifiers, affiliations, affiliations' identifiers.

    Args:
        name: author or investigator.
        lists: Paths of the lists.
        element: The element of a person.
        whole: Path of an affiliation that is the whole article's; '' if there is none.
    """
    persons = below(lists, element)
    infos, old = below(persons, "AffiliationInfo"), below(persons, "Affiliation")
    affiliations = either(infos, old, whole) if whole else either(infos, old)
    texts = either(below(infos, "Affiliation"), old, whole) if whole else either(below(infos, "Affiliation"), old)
    person_order = f"{name}_order"
    prefix = "" if name == "author" else f"{name}_"
    position = order(person_order, f"the {name}", counts=persons)
    affiliation_order = order(
        "affiliation_order", f"the affiliation of this {name}", counts=affiliations, within=persons
    )
    return (
        of_citation(
            name,
            {
                "author": "An author, editor or collective.",
                "investigator": "A collaborator who is not an author.",
            }[name],
            (person_order,),
            position,
            *person_columns(lists, persons),
            rows=persons,
        ),
        of_citation(
            f"{name}_identifier",
            f"An identifier of an {name}.",
            (person_order, "identifier_order"),
            position,
            order("identifier_order", "the identifier", counts=below(persons, "Identifier"), within=persons),
            optional(
                "identifier_source",
                TEXT,
                "Who gave it.",
                source=below(persons, "Identifier/@Source"),
                null=NO_ATTRIBUTE,
            ),
            column("identifier", TEXT, "Verbatim.", source=below(persons, "Identifier"), default=""),
            optional(
                "orcid",
                TEXT,
                "The same as 0000-0002-1825-0097.",
                source="Derived.",
                null="Not an ORCID, or not well-formed (16 characters with the right check digit).",
            ),
            rows=below(persons, "Identifier"),
        ),
        of_citation(
            f"{prefix}affiliation",
            f"An affiliation of an {name}.",
            (person_order, "affiliation_order"),
            Column(
                person_order,
                INT32,
                f"Position of the {name}, from 1; 0 for an affiliation of the whole article (files before 2014).",
                counts=persons,
                default=0,
            ),
            affiliation_order,
            column(
                "affiliation",
                TEXT,
                "All text of the affiliation; '' where only its identifiers are given.",
                source=texts,
                default="",
            ),
            rows=affiliations,
        ),
        of_citation(
            f"{prefix}affiliation_identifier",
            "An identifier of an affiliation: ROR, GRID, ISNI, RINGGOLD.",
            (person_order, "affiliation_order", "identifier_order"),
            position,
            affiliation_order,
            order("identifier_order", "the identifier", counts=below(infos, "Identifier"), within=infos),
            optional(
                "identifier_source", TEXT, "Who gave it.", source=below(infos, "Identifier/@Source"), null=NO_ATTRIBUTE
            ),
            column("identifier", TEXT, "Verbatim.", source=below(infos, "Identifier"), default=""),
            rows=below(infos, "Identifier"),
        ),
    )


AUTHOR, AUTHOR_IDENTIFIER, AFFILIATION, AFFILIATION_IDENTIFIER = person_tables(
    "author", AUTHOR_LISTS, "Author", "MedlineCitation/Article/Affiliation"
)
(
    INVESTIGATOR,
    INVESTIGATOR_IDENTIFIER,
    INVESTIGATOR_AFFILIATION,
    INVESTIGATOR_AFFILIATION_IDENTIFIER,
) = person_tables("investigator", INVESTIGATOR_LISTS, "Investigator", "")

SUBJECT = "MedlineCitation/PersonalNameSubjectList/PersonalNameSubject"

PERSONAL_NAME_SUBJECT = of_citation(
    "personal_name_subject",
    "A person the article is about.",
    ("subject_order",),
    order("subject_order", "the person", counts=SUBJECT),
    optional("last_name", TEXT, "Family name.", source=f"{SUBJECT}/LastName"),
    optional("fore_name", TEXT, "Given names.", source=either(f"{SUBJECT}/ForeName", f"{SUBJECT}/FirstName")),
    optional("middle_name", TEXT, "Middle name, in files before 2008.", source=f"{SUBJECT}/MiddleName"),
    optional("initials", TEXT, "Initials.", source=f"{SUBJECT}/Initials"),
    optional("suffix", TEXT, "Jr, 3rd ...", source=f"{SUBJECT}/Suffix"),
    rows=SUBJECT,
)
