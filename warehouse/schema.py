"""Every table of the corpus, declared once.

A declaration names the table, says what one row is, gives its key and documents each column with its source. The Arrow
schemas, the DuckDB tables with their comments and the data dictionary are made from it.

Names are NLM's words in snake_case. An ending means one thing: `_ui` NLM identifier, `_id` other identifier, `_name`,
`_date`, `_at` UTC timestamp, `_order` position from 1 in document order, `_count`, `_s` seconds, `_bytes`; `is_` and
`has_` begin booleans.

`source` is the path of the XML below the record's own element (`PubmedArticle` or `PubmedBookArticle`), several
alternatives separated by ` | `; anything that is no path is a sentence. The reader of records is made from these paths
(transforms/record_paths.py): `rows` of a table are the elements that begin a row, `source` of a column is where its
value stands below or around that element. Lists and sections that are nested have the path of the outermost.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

INT8 = pa.int8()
INT16 = pa.int16()
INT32 = pa.int32()
INT64 = pa.int64()
FLOAT = pa.float64()
TEXT = pa.string()
TEXTS = pa.list_(TEXT)
BYTES = pa.large_binary()
BOOL = pa.bool_()
DATE = pa.date32()
TIMESTAMP = pa.timestamp("us")  # UTC; without a zone, since DuckDB clients need a library of their own to read one

PATH = re.compile(r"[A-Z][A-Za-z]*(?:/@?[A-Za-z]+)*")
ABSENT = "The record has no such element."
NO_ATTRIBUTE = "The element has no such attribute."


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: snake_case, NLM's word.
        type: Arrow type.
        doc: Meaning, with the unit where there is one.
        source: Path in the XML, or how the value comes about.
        null: What null means; '' where null is not allowed.
        default: The value where the XML has none.
        counts: For a position: the paths of the elements that are counted.
        within: For a position: the path below which counting begins anew; '' counts over the whole record.
        step: For a value that says where in the XML the row stands: which step of the row's path it is, from the end;
            where `source` has a path of the row as well, that counts.
    """

    name: str
    type: pa.DataType
    doc: str
    source: str = ""
    null: str = ""
    default: object = None
    counts: str = ""
    within: str = ""
    step: int = 0

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The alternatives of `source`, if it is a path in the XML."""
        alternatives = tuple(self.source.split(" | "))
        return alternatives if all(map(PATH.fullmatch, alternatives)) else ()


def column(
    name: str, type_: pa.DataType, doc: str, *, source: str = "", default: object = None, step: int = 0
) -> Column:
    """A column that is never null."""
    return Column(name, type_, doc, source, default=default, step=step)


def optional(
    name: str, type_: pa.DataType, doc: str, *, source: str = "", null: str = ABSENT, default: object = None
) -> Column:
    """A column that is null where the XML has no such element, or for the reason given."""
    return Column(name, type_, doc, source, null, default=default)


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: snake_case, singular.
        row: What one row is.
        key: Columns that identify a row in the DuckDB table.
        columns: In order; rows are tuples in this order.
        owner: The table whose rows say which run's rows are current, matched on `owner_key`; '' for a table that is its
            own owner (the latest run that has a key wins) or that only grows (`is_log`); DERIVED for one that no run
            has.
        owner_key: The columns shared with the owner's key; a later run replaces all rows that agree on them at once.
        is_log: Rows of every run stay.
        is_raw: Kept in Parquet only.
        rows: Paths of the elements that a record's rows begin with; RECORD for one row a record; '' if the rows are not
            read from a record's elements.
        extended_by: Paths, below those, of elements of which each after the first begins a further row with the same
            values but its own.
        nested: The column with the position of the row around this one, where elements of `rows` can hold each other.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    owner: str = ""
    owner_key: tuple[str, ...] = ()
    is_log: bool = False
    is_raw: bool = False
    rows: str = ""
    extended_by: str = ""
    nested: str = ""

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema, not-null marked."""
        return pa.schema([pa.field(c.name, c.type, nullable=bool(c.null)) for c in self.columns])

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(c.name for c in self.columns)

    def to_arrow(self, rows: Sequence[Sequence[object]], constants: Mapping[str, pa.Scalar] | None = None) -> pa.Table:
        """An Arrow table of rows given as sequences in the order of the columns.

        Args:
            rows: The rows.
            constants: Columns that have one value in all rows; what the rows say of them is not looked at.
        Raises:
            ValueError: A row is too short or too long, or a required value is null.
            pyarrow.ArrowInvalid: A value does not fit its column's type.
        """
        if not rows:
            return self.arrow_schema.empty_table()
        values = list(zip(*rows, strict=True))
        if len(values) != len(self.columns):
            raise ValueError(f"{self.name}: rows of {len(values)} values for {len(self.columns)} columns")
        constants = constants or {}
        arrays = [
            pa.repeat(constants[c.name], len(rows)) if c.name in constants else pa.array(v, c.type)
            for v, c in zip(values, self.columns, strict=True)
        ]
        for array, c in zip(arrays, self.columns, strict=True):
            if array.null_count and not c.null:
                raise ValueError(f"{self.name}.{c.name}: null in row {array.is_null().index(True)}")
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema)


RECORD = "."

PMID = column("pmid", INT64, "PubMed identifier of the citation.", source="MedlineCitation/PMID | BookDocument/PMID")


def below(elements: str, path: str) -> str:
    """The path below each of the alternatives."""
    return " | ".join(f"{element}/{path}" for element in elements.split(" | "))


def either(*alternatives: str) -> str:
    """One of several paths."""
    return " | ".join(alternatives)


def of_citation(
    name: str, row: str, key: Iterable[str], *columns: Column, rows: str = "", extended_by: str = "", nested: str = ""
) -> Table:
    """A table of parts of a citation: a later run's citation replaces all of its rows."""
    return Table(
        name,
        row,
        ("pmid", *key),
        (PMID, *columns),
        owner="citation",
        owner_key=("pmid",),
        rows=rows,
        extended_by=extended_by,
        nested=nested,
    )


def order(name: str, of: str, *, counts: str = "", within: str = "", default: object = None) -> Column:
    """A position counted from 1 in document order."""
    doc = f"Position of {of}, from 1, in document order."
    return Column(name, INT32, doc, counts=counts, within=within, default=default)


RUN_ID = column("run_id", TEXT, "The run that wrote the row; sorts by time.")

# Owner of the tables that are no part of a run: the build of the DuckDB file makes them from the others.
DERIVED = "derived"

# --- the citation itself ---------------------------------------------------------------------------------------------

JOURNAL = "MedlineCitation/Article/Journal"
PUB_DATE = f"{JOURNAL}/JournalIssue/PubDate"

CITATION = Table(
    "citation",
    "A citation as last known, from Entrez or a file, or from seed text where neither has delivered it.",
    ("pmid",),
    (
        PMID,
        column(
            "pmid_version",
            INT16,
            "Version of the PMID; the highest one found is kept. 1 where the XML or the seed text gives none.",
            source="MedlineCitation/PMID/@Version | BookDocument/PMID/@Version",
            default=1,
        ),
        column(
            "record_kind",
            TEXT,
            "article (PubmedArticle, MedlineCitation of old files), book (PubmedBookArticle), or seed (text only).",
        ),
        column("source", TEXT, "Where the values are from: efetch, file or seed."),
        optional(
            "citation_status", TEXT, "State of indexing: MEDLINE, Publisher ...", source="MedlineCitation/@Status"
        ),
        optional(
            "owner", TEXT, "Who is responsible for the record.", source="MedlineCitation/@Owner", null=NO_ATTRIBUTE
        ),
        optional(
            "indexing_method",
            TEXT,
            "Automated or Curated; how MeSH was assigned.",
            source="MedlineCitation/@IndexingMethod",
            null="Indexed by a person, or not at all.",
        ),
        optional("version_id", TEXT, "Version of the record.", source="MedlineCitation/@VersionID", null=NO_ATTRIBUTE),
        optional("version_date", TEXT, "Date of that version, verbatim.", source="MedlineCitation/@VersionDate"),
        optional("pub_model", TEXT, "Medium of publication.", source="MedlineCitation/Article/@PubModel"),
        optional(
            "article_title",
            TEXT,
            "Title, all text without markup; for a book without chapter title, null here and book_title in book.",
            source="MedlineCitation/Article/ArticleTitle | BookDocument/ArticleTitle",
            null="No title, or an empty one.",
        ),
        optional(
            "vernacular_title",
            TEXT,
            "Title in the language of the publication.",
            source="MedlineCitation/Article/VernacularTitle | BookDocument/VernacularTitle",
        ),
        optional(
            "abstract",
            TEXT,
            "Sections of the main abstract in order, one a line, labels as `LABEL: `; sections in abstract_section.",
            source="Derived from abstract_section, kind main.",
            null="No abstract, or an empty one.",
        ),
        optional(
            "copyright_information",
            TEXT,
            "Copyright statement of the main abstract.",
            source="MedlineCitation/Article/Abstract/CopyrightInformation | BookDocument/Abstract/CopyrightInformation",
        ),
        optional("journal_title", TEXT, "Full title of the journal.", source=f"{JOURNAL}/Title"),
        optional("iso_abbreviation", TEXT, "ISO abbreviation of the journal.", source=f"{JOURNAL}/ISOAbbreviation"),
        optional("medline_ta", TEXT, "NLM's abbreviation.", source="MedlineCitation/MedlineJournalInfo/MedlineTA"),
        optional(
            "nlm_unique_id",
            TEXT,
            "Journal in NLM's catalogue.",
            source="MedlineCitation/MedlineJournalInfo/NlmUniqueID",
        ),
        optional("issn", TEXT, "ISSN of the issue.", source=f"{JOURNAL}/ISSN"),
        optional("issn_type", TEXT, "Print or Electronic.", source=f"{JOURNAL}/ISSN/@IssnType"),
        optional("issn_linking", TEXT, "ISSN over all media.", source="MedlineCitation/MedlineJournalInfo/ISSNLinking"),
        optional(
            "journal_country", TEXT, "Country of publication.", source="MedlineCitation/MedlineJournalInfo/Country"
        ),
        optional("cited_medium", TEXT, "Internet or Print.", source=f"{JOURNAL}/JournalIssue/@CitedMedium"),
        optional("volume", TEXT, "Volume of the issue.", source=f"{JOURNAL}/JournalIssue/Volume"),
        optional("issue", TEXT, "Number of the issue.", source=f"{JOURNAL}/JournalIssue/Issue"),
        optional("pub_date_year", TEXT, "Year of the issue, verbatim.", source=f"{PUB_DATE}/Year"),
        optional("pub_date_month", TEXT, "Month of the issue, verbatim: Aug or 08.", source=f"{PUB_DATE}/Month"),
        optional("pub_date_day", TEXT, "Day of the issue, verbatim.", source=f"{PUB_DATE}/Day"),
        optional("pub_date_season", TEXT, "Season of the issue, verbatim.", source=f"{PUB_DATE}/Season"),
        optional(
            "medline_date",
            TEXT,
            "Date of the issue that fits no other form, verbatim: 1998 Spring, 2020 Jan-Feb.",
            source=f"{PUB_DATE}/MedlineDate",
        ),
        optional(
            "pub_year",
            INT16,
            "Year of publication: of PubDate, or the first four digits of MedlineDate; for a book, of its own PubDate.",
            source="Derived from pub_date_year or medline_date.",
            null="Neither gives a year.",
        ),
        optional(
            "pub_date",
            DATE,
            "Date of the issue, only where year, month and day are all given.",
            source="Derived from the three parts.",
            null="A part is missing or no calendar date; no month or day is ever invented.",
        ),
        optional(
            "medline_pgn",
            TEXT,
            "Pages as NLM writes them: 405-15.",
            source="MedlineCitation/Article/Pagination/MedlinePgn | BookDocument/Pagination/MedlinePgn",
        ),
        optional(
            "start_page",
            TEXT,
            "First page.",
            source="MedlineCitation/Article/Pagination/StartPage | BookDocument/Pagination/StartPage",
        ),
        optional(
            "end_page",
            TEXT,
            "Last page.",
            source="MedlineCitation/Article/Pagination/EndPage | BookDocument/Pagination/EndPage",
        ),
        optional(
            "doi",
            TEXT,
            "The one DOI: the first of the own ArticleIdList, else of the valid, else of the invalid ELocationIDs.",
            source="Derived from article_id and elocation_id.",
            null="The record has no DOI.",
        ),
        optional("pmc_id", TEXT, "PubMed Central id, as PMC1234567.", source="Derived from article_id, type pmc."),
        optional(
            "pii",
            TEXT,
            "The one publisher item identifier, chosen as the DOI is.",
            source="Derived from article_id and elocation_id.",
        ),
        optional(
            "is_author_list_complete",
            BOOL,
            "False where NLM left authors out.",
            source="MedlineCitation/Article/AuthorList/@CompleteYN",
            null="No author list, or one that does not say (the DTD's default is Y).",
        ),
        optional(
            "is_grant_list_complete",
            BOOL,
            "False where grants were left out.",
            source="MedlineCitation/Article/GrantList/@CompleteYN | BookDocument/GrantList/@CompleteYN",
            null="No grant list, or one that does not say (the DTD's default is Y).",
        ),
        optional(
            "is_data_bank_list_complete",
            BOOL,
            "False where accessions were left out.",
            source="MedlineCitation/Article/DataBankList/@CompleteYN",
            null="No data bank list, or one that does not say (the DTD's default is Y).",
        ),
        optional(
            "number_of_references",
            TEXT,
            "Length of the bibliography as the publisher counted it, verbatim.",
            source="MedlineCitation/NumberOfReferences",
        ),
        optional("coi_statement", TEXT, "Conflict of interest statement.", source="MedlineCitation/CoiStatement"),
        optional(
            "publication_status",
            TEXT,
            "ppublish, epublish, aheadofprint ...",
            source="PubmedData/PublicationStatus | PubmedBookData/PublicationStatus",
        ),
        optional(
            "date_completed",
            DATE,
            "When indexing was completed.",
            source="Derived from citation_date, DateCompleted.",
            null="Not given, or no calendar date.",
        ),
        optional(
            "date_revised",
            DATE,
            "When NLM last revised the record; not dependable (NLM's own words).",
            source="Derived from citation_date, DateRevised.",
            null="Not given, or no calendar date.",
        ),
        column(
            "is_retracted",
            BOOL,
            "The paper is retracted: publication type D016441, or a RetractionIn. Never true for the notice.",
            source="Derived from publication_type and comment_correction.",
        ),
        column(
            "content_sha256", TEXT, "SHA-256, hex, of the record's XML without line breaks and blanks between its tags."
        ),
        RUN_ID,
        optional(
            "fetched_at",
            TIMESTAMP,
            "When Entrez delivered it, or the file was read.",
            null="Known from seed text only.",
        ),
    ),
    rows=RECORD,
)

DATE_ELEMENTS = either(
    "MedlineCitation/DateCreated",
    "MedlineCitation/DateCompleted",
    "MedlineCitation/DateRevised",
    "MedlineCitation/Article/ArticleDate",
    "BookDocument/ContributionDate",
    "BookDocument/DateRevised",
    "BookDocument/Book/BeginningDate",
    "BookDocument/Book/EndingDate",
)

CITATION_DATE = of_citation(
    "citation_date",
    "A date of the record other than PubDate and History, verbatim.",
    ("date_order",),
    order("date_order", "the date", counts=DATE_ELEMENTS),
    column(
        "date_kind",
        TEXT,
        "Name of the element: DateCreated (files before 2018), DateCompleted, DateRevised, ArticleDate, "
        "ContributionDate, BeginningDate, EndingDate.",
        step=1,
    ),
    optional(
        "date_type",
        TEXT,
        "Electronic, for an ArticleDate.",
        source="MedlineCitation/Article/ArticleDate/@DateType",
        null=NO_ATTRIBUTE,
    ),
    optional("year", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Year")),
    optional("month", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Month")),
    optional("day", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Day")),
    optional("season", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Season")),
    optional("hour", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Hour")),
    optional("minute", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Minute")),
    optional("second", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Second")),
    optional("citation_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
    rows=DATE_ELEMENTS,
)

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
        "copyright_information",
        TEXT,
        "Copyright statement of the abstract the section belongs to.",
        source=below(ALL_ABSTRACTS, "CopyrightInformation"),
    ),
    rows=below(ALL_ABSTRACTS, "AbstractText"),
)

# --- people ----------------------------------------------------------------------------------------------------------

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

# --- subjects --------------------------------------------------------------------------------------------------------

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

# --- support, ids, dates, notes --------------------------------------------------------------------------------------

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

DATA_BANK = "MedlineCitation/Article/DataBankList/DataBank"
ACCESSIONS = f"{DATA_BANK}/AccessionNumberList/AccessionNumber"

ACCESSION = of_citation(
    "accession",
    "An accession number in a data bank; a data bank without numbers is one row.",
    ("data_bank_order", "accession_order"),
    order("data_bank_order", "the data bank", counts=DATA_BANK),
    order("accession_order", "the number within its data bank", counts=ACCESSIONS, within=DATA_BANK, default=1),
    optional("data_bank_name", TEXT, "GENBANK, ClinicalTrials.gov ...", source=f"{DATA_BANK}/DataBankName"),
    optional(
        "accession_number",
        TEXT,
        "Verbatim.",
        source=ACCESSIONS,
        null="The data bank is named without numbers.",
    ),
    rows=DATA_BANK,
    extended_by=ACCESSIONS,
)

ARTICLE_IDS = either(
    "PubmedData/ArticleIdList/ArticleId",
    "PubmedBookData/ArticleIdList/ArticleId",
    "BookDocument/ArticleIdList/ArticleId",
)

ARTICLE_ID = of_citation(
    "article_id",
    "An identifier of the citation itself, never of a work it cites.",
    ("article_id_order",),
    order("article_id_order", "the identifier", counts=ARTICLE_IDS),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc, pii, mid, bookaccession ...",
        source=below(ARTICLE_IDS, "@IdType"),
        null="Not said (the DTD's default is pubmed).",
    ),
    column("article_id", TEXT, "Verbatim.", source=ARTICLE_IDS, default=""),
    column("id_path", TEXT, "Which list it is from: PubmedData, PubmedBookData or BookDocument.", step=3),
    rows=ARTICLE_IDS,
)

LOCATIONS = either("MedlineCitation/Article/ELocationID", "BookDocument/Book/ELocationID")

ELOCATION_ID = of_citation(
    "elocation_id",
    "An electronic location: DOI or publisher item identifier.",
    ("elocation_order",),
    order("elocation_order", "the location", counts=LOCATIONS),
    optional("eid_type", TEXT, "doi or pii.", source=below(LOCATIONS, "@EIdType"), null=NO_ATTRIBUTE),
    optional(
        "is_valid",
        BOOL,
        "False for one known to be wrong.",
        source=below(LOCATIONS, "@ValidYN"),
        null="Not said (the DTD's default is Y).",
    ),
    column("elocation_id", TEXT, "Verbatim.", source=LOCATIONS, default=""),
    rows=LOCATIONS,
)

OTHER_ID = of_citation(
    "other_id",
    "An identifier of a partner of NLM.",
    ("other_id_order",),
    order("other_id_order", "the identifier", counts="MedlineCitation/OtherID"),
    optional(
        "other_id_source", TEXT, "NASA, KIE, PIP ...", source="MedlineCitation/OtherID/@Source", null=NO_ATTRIBUTE
    ),
    column("other_id", TEXT, "Verbatim.", source="MedlineCitation/OtherID", default=""),
    rows="MedlineCitation/OtherID",
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

SPACE_FLIGHT_MISSION = of_citation(
    "space_flight_mission",
    "A space flight mission the data are from.",
    ("mission_order",),
    order("mission_order", "the mission", counts="MedlineCitation/SpaceFlightMission"),
    column("space_flight_mission", TEXT, "Verbatim.", source="MedlineCitation/SpaceFlightMission", default=""),
    rows="MedlineCitation/SpaceFlightMission",
)

GENERAL_NOTE = of_citation(
    "general_note",
    "A note on the citation.",
    ("note_order",),
    order("note_order", "the note", counts="MedlineCitation/GeneralNote"),
    optional("note_owner", TEXT, "Who wrote it.", source="MedlineCitation/GeneralNote/@Owner", null=NO_ATTRIBUTE),
    column("general_note", TEXT, "Verbatim.", source="MedlineCitation/GeneralNote", default=""),
    rows="MedlineCitation/GeneralNote",
)

HISTORY = either("PubmedData/History/PubMedPubDate", "PubmedBookData/History/PubMedPubDate")

HISTORY_DATE = of_citation(
    "history_date",
    "A date of the record's life; a status can come twice.",
    ("history_order",),
    order("history_order", "the date", counts=HISTORY),
    optional(
        "pub_status",
        TEXT,
        "received, revised, accepted, pubmed, medline, entrez ...",
        source=below(HISTORY, "@PubStatus"),
        null=NO_ATTRIBUTE,
    ),
    optional("year", TEXT, "Verbatim.", source=below(HISTORY, "Year")),
    optional("month", TEXT, "Verbatim.", source=below(HISTORY, "Month")),
    optional("day", TEXT, "Verbatim.", source=below(HISTORY, "Day")),
    optional("hour", TEXT, "Verbatim, US Eastern.", source=below(HISTORY, "Hour")),
    optional("minute", TEXT, "Verbatim.", source=below(HISTORY, "Minute")),
    optional("second", TEXT, "Verbatim.", source=below(HISTORY, "Second")),
    optional("history_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
    rows=HISTORY,
)

OBJECTS = either("PubmedData/ObjectList/Object", "PubmedBookData/ObjectList/Object")
PARAMETERS = below(OBJECTS, "Param")

OBJECT = of_citation(
    "object",
    "An object that goes with the article: a grant, a clinical trial, a keyword of a partner ...",
    ("object_order", "param_order"),
    order("object_order", "the object", counts=OBJECTS),
    order(
        "param_order",
        "the parameter; an object without any is one row",
        counts=PARAMETERS,
        within=OBJECTS,
        default=1,
    ),
    optional("object_type", TEXT, "Kind of object.", source=below(OBJECTS, "@Type"), null=NO_ATTRIBUTE),
    optional(
        "param_name",
        TEXT,
        "Name of the parameter.",
        source=below(PARAMETERS, "@Name"),
        null="The object has no parameter.",
    ),
    optional(
        "param",
        TEXT,
        "Value of the parameter.",
        source=PARAMETERS,
        null="The object has no parameter, or an empty one.",
    ),
    rows=OBJECTS,
    extended_by=PARAMETERS,
)

# --- other works -----------------------------------------------------------------------------------------------------

REFERENCE_LISTS = either("PubmedData/ReferenceList", "BookDocument/ReferenceList")
REFERENCES = below(REFERENCE_LISTS, "Reference")
CITED_IDS = below(REFERENCES, "ArticleIdList/ArticleId")
LIST_ORDER = order("reference_list_order", "the list", counts=REFERENCE_LISTS)
REFERENCE_ORDER = order("reference_order", "the entry over all lists", counts=REFERENCES)

REFERENCE_LIST = of_citation(
    "reference_list",
    "A reference list of the record; lists can be nested.",
    ("reference_list_order",),
    LIST_ORDER,
    optional("parent_list_order", INT32, "The list around it.", null="A list of the record itself."),
    optional("title", TEXT, "Heading of the list.", source=below(REFERENCE_LISTS, "Title")),
    rows=REFERENCE_LISTS,
    nested="parent_list_order",
)

CITED_REFERENCE = of_citation(
    "cited_reference",
    "An entry of the record's own reference list.",
    ("reference_order",),
    REFERENCE_ORDER,
    LIST_ORDER,
    optional("citation", TEXT, "The entry's text.", source=below(REFERENCES, "Citation"), null="Empty."),
    optional(
        "cited_pmid",
        INT64,
        "PMID of the cited work.",
        source="Derived from cited_article_id, type pubmed.",
        null="NLM has not matched it.",
    ),
    optional("cited_doi", TEXT, "DOI of the cited work.", source="Derived from cited_article_id, type doi."),
    optional("cited_pmc_id", TEXT, "PMC id of the cited work.", source="Derived from cited_article_id, type pmc."),
    rows=REFERENCES,
)

CITED_ARTICLE_ID = of_citation(
    "cited_article_id",
    "An identifier of a cited work, verbatim.",
    ("reference_order", "article_id_order"),
    REFERENCE_ORDER,
    order("article_id_order", "the identifier within its entry", counts=CITED_IDS, within=REFERENCES),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc ...",
        source=below(CITED_IDS, "@IdType"),
        null="Not said (the DTD's default is pubmed).",
    ),
    column("article_id", TEXT, "Verbatim.", source=CITED_IDS, default=""),
    rows=CITED_IDS,
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
    optional("related_pmid", INT64, "Its PMID.", source=below(TIES, "PMID"), null="Not in PubMed, or not matched."),
    optional("related_pmid_version", INT16, "Version of that PMID.", source=below(TIES, "PMID/@Version")),
    optional("note", TEXT, "Note.", source=below(TIES, "Note")),
    rows=TIES,
)

# --- books -----------------------------------------------------------------------------------------------------------

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

# --- links -----------------------------------------------------------------------------------------------------------

LINK_KIND = column("link_kind", TEXT, "similar, cited_by or reference, seen from pmid.")
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

# --- seeds and membership --------------------------------------------------------------------------------------------

SEED_DOCUMENT = Table(
    "seed_document",
    "A seed page with its text and parsed parts.",
    ("seed_id",),
    (
        column("seed_id", TEXT, "Name of the file without its ending."),
        column("file_name", TEXT, "Name of the file."),
        column("pmid", INT64, "PMID of the page's own citation.", source="The line `- PMID:` or `PMID:`."),
        column("title", TEXT, "Title of the page.", source="The first line."),
        optional("doi", TEXT, "DOI.", source="The line `- DOI:`.", null="The page gives none."),
        optional("pmc_id", TEXT, "PMC id.", source="The line `- PMCID:`.", null="The page gives none."),
        optional(
            "abstract", TEXT, "Abstract, its paragraphs one a line.", source="Below Abstract.", null="None given."
        ),
        optional("authors", TEXT, "Authors, verbatim.", source="Below the title.", null="The page does not show them."),
        optional("journal", TEXT, "Journal.", source="Above the title.", null="The page does not show it."),
        optional("pub_date", TEXT, "Date, verbatim: 2014 Mar.", null="The page does not show it."),
        optional("pub_year", INT16, "Year of that date.", null="The page does not show it."),
        optional("volume", TEXT, "Volume.", null="The page does not show it."),
        optional("issue", TEXT, "Issue.", null="The page does not show it."),
        optional("pages", TEXT, "Pages or article number.", null="The page does not show them."),
        optional("pii", TEXT, "Publisher item identifier.", null="The page does not show it."),
        optional("epub_date", TEXT, "Date of electronic publication, verbatim.", null="The page does not show it."),
        column("seed_text", TEXT, "The file as it is."),
        column("seed_sha256", TEXT, "SHA-256, hex, of the file's bytes."),
        optional(
            "resolution_asked_at",
            TIMESTAMP,
            "When Entrez was last asked for the PMIDs of the entries that give none.",
            null="Never, or every entry gives its PMID.",
        ),
        column("is_removed", BOOL, "The file is no longer in the seeds folder."),
        RUN_ID,
    ),
)


def of_seed(name: str, row: str, key: Iterable[str], *columns: Column) -> Table:
    """A table of parts of a seed document."""
    seed_id = column("seed_id", TEXT, "The seed document.")
    return Table(name, row, ("seed_id", *key), (seed_id, *columns), owner="seed_document", owner_key=("seed_id",))


SEED_CITATION = of_seed(
    "seed_citation",
    "An entry of one of a seed page's lists.",
    ("list_name", "citation_order"),
    column("list_name", TEXT, "similar, cited_by or reference; the page's heading for any other list."),
    order("citation_order", "the entry in its list"),
    column("citation_text", TEXT, "The entry as it stands, its lines joined."),
    optional(
        "pmid",
        INT64,
        "PMID.",
        source="`PMID: n` in the entry, or as `resolution` says.",
        null="The entry gives none and is not resolved.",
    ),
    optional("title", TEXT, "Title.", null="Where the title stops cannot be told."),
    optional("journal", TEXT, "Journal, as NLM abbreviates it.", null="Cannot be told."),
    optional("pub_date", TEXT, "Date, verbatim: 2014 Mar.", null="Not given."),
    optional("pub_year", INT16, "Year of that date.", null="The date does not begin with a year."),
    optional("volume", TEXT, "Volume.", null="Not given."),
    optional("issue", TEXT, "Issue.", null="Not given."),
    optional("pages", TEXT, "Pages or article number.", null="Not given."),
    optional("doi", TEXT, "DOI.", null="Not given."),
    optional("pii", TEXT, "Publisher item identifier.", null="Not given."),
    optional("pmc_id", TEXT, "PMC id.", null="Not given."),
    optional("epub_date", TEXT, "Date of electronic publication, verbatim.", null="Not given."),
    optional("authors", TEXT, "Authors, verbatim.", null="Not given."),
    optional(
        "resolution",
        TEXT,
        "How the PMID is known: text (it stands in the entry), ecitmatch, esearch.",
        null="The PMID is not known.",
    ),
)

SEED_CITATION_FLAG = of_seed(
    "seed_citation_flag",
    "A word or phrase that follows the date or the PMID of an entry.",
    ("list_name", "citation_order", "flag_order"),
    column("list_name", TEXT, "The list."),
    order("citation_order", "the entry in its list"),
    order("flag_order", "the phrase"),
    column("flag_kind", TEXT, "flag (Free PMC article, No abstract available ...) or publication_type (Review ...)."),
    column("flag", TEXT, "Verbatim, without its full stop."),
)

SEED_TERM = of_seed(
    "seed_term",
    "A line of the page outside its abstract and its lists of citations: MeSH terms, substances, grants, resources.",
    ("section_name", "term_order"),
    column(
        "section_name",
        TEXT,
        "publication_type, mesh_term, substance, supplementary_concept, grant, secondary_source, associated_data, "
        "personal_name_subject, keyword, coi_statement, copyright_information; header for what stands above the "
        "abstract and is nothing else; the page's heading for any other.",
    ),
    order("term_order", "the line in its section; of the keyword, for a line of keywords"),
    column("term", TEXT, "Verbatim, without the bullet."),
)

MEMBER = Table(
    "member",
    "A reason why a PMID is in the corpus.",
    ("pmid", "reason", "via"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("reason", TEXT, "seed, similar, cited_by, reference, pmids, query, backfill or file."),
        column("via", TEXT, "The seed, file or query it comes from, or the PMID whose neighbour it is; '' if none."),
        column("depth", INT16, "Steps along links from a seed: 0 for the seed itself."),
        column("since_run_id", TEXT, "The run in which the reason began to hold."),
        optional("until_run_id", TEXT, "The run that no longer found it.", null="It holds."),
        RUN_ID,
    ),
)

# --- what went wrong, what changed, what ran -------------------------------------------------------------------------

DELETED_CITATION = Table(
    "deleted_citation",
    "A PMID that NLM withdrew, or that Entrez has stopped delivering.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("evidence", TEXT, "DeleteCitation, DeleteDocument, or empty_reply (twice, in two runs)."),
        column("evidence_source", TEXT, "File, or request, that said so."),
        RUN_ID,
    ),
)

REJECTED_CITATION = Table(
    "rejected_citation",
    "A record that could not be read.",
    ("run_id", "pmid", "record_order"),
    (
        RUN_ID,
        order("record_order", "the record among the run's rejected ones"),
        optional("pmid", INT64, "PubMed identifier.", null="It could not be read."),
        column("record_xml", BYTES, "The record as it came."),
        column("reason", TEXT, "What is wrong with it."),
        column("parser_version", TEXT, "Version of the code that refused it."),
        column("record_source", TEXT, "File or request it came from."),
    ),
    is_log=True,
)

UNKNOWN_ELEMENT = Table(
    "unknown_element",
    "An element or attribute that no column is declared for, as met in a run.",
    ("run_id", "path"),
    (
        RUN_ID,
        column("path", TEXT, "Path from the record's element; attributes as @Name."),
        column("element_count", INT64, "How often it was met."),
        column("example_pmid", INT64, "The first record that has it."),
        optional("example_text", TEXT, "Its text there, 200 characters at most.", null="Empty."),
    ),
    is_log=True,
)

CONFLICT = Table(
    "conflict",
    "A field where seed text and Entrez disagree about a PMID.",
    ("pmid", "column_name"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("column_name", TEXT, "article_title, doi, medline_ta or pub_year."),
        column("seed_value", TEXT, "As the seed has it."),
        column("entrez_value", TEXT, "As Entrez has it."),
        column("seed_id", TEXT, "The seed document."),
    ),
    owner=DERIVED,
)

RAW_CITATION = Table(
    "raw_citation",
    "A record as it came.",
    ("run_id", "pmid", "pmid_version"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column("pmid_version", INT16, "Version of the PMID."),
        column("record_xml", BYTES, "The record's element, byte for byte (UTF-8)."),
        column("record_sha256", TEXT, "SHA-256, hex, of those bytes."),
        column("content_sha256", TEXT, "As in citation."),
        column("source", TEXT, "efetch or file."),
        column("record_source", TEXT, "The request, or the file's name, it came from."),
        column("fetched_at", TIMESTAMP, "When it came."),
    ),
    is_log=True,
    is_raw=True,
)

RAW_REPLY = Table(
    "raw_reply",
    "Any other reply that rows were made from: ELink, ESearch, ECitMatch.",
    ("run_id", "reply_order"),
    (
        RUN_ID,
        order("reply_order", "the reply in its run"),
        column("utility", TEXT, "elink, esearch, ecitmatch ..."),
        column("parameters", TEXT, "The request's parameters, without the API key."),
        column("reply", BYTES, "The body, byte for byte."),
        column("reply_sha256", TEXT, "SHA-256, hex, of the body."),
        column("fetched_at", TIMESTAMP, "When it came."),
    ),
    is_log=True,
    is_raw=True,
)

RUN = Table(
    "run",
    "A run that was committed.",
    ("run_id",),
    (
        RUN_ID,
        column("run_kind", TEXT, "refresh, links, backfill, ingest, compact or rebuild."),
        column("started_at", TIMESTAMP, "When it began."),
        column("finished_at", TIMESTAMP, "When it was committed."),
        column("run_source", TEXT, "Base URL of the E-utilities, `sample`, or the name of the file."),
        optional("reason", TEXT, "Why somebody started it.", null="Not said."),
        column("requested_count", INT64, "PMIDs asked for; the sum of the seven that follow."),
        column("new_count", INT64, "Not held before."),
        column("revised_count", INT64, "Held, and different now."),
        column("unchanged_count", INT64, "Held, and the same."),
        column("not_found_count", INT64, "Unknown to NCBI."),
        column("deleted_count", INT64, "Withdrawn."),
        column("rejected_count", INT64, "Delivered, but unreadable."),
        column("failed_count", INT64, "Not delivered; owed to the next run."),
        column(
            "is_complete",
            BOOL,
            "All that was planned was obtained; a refresh looks for revisions since the last complete one began.",
        ),
        column("request_count", INT64, "Requests sent to the E-utilities, attempts included."),
        column("code_version", TEXT, "Version of this project."),
    ),
    is_log=True,
)

OUTCOMES = ("new", "revised", "unchanged", "not_found", "deleted", "rejected", "failed")

REQUEST = Table(
    "request",
    "A PMID that a run asked for, with its one outcome.",
    ("run_id", "pmid"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column("plan_reason", TEXT, "Why it was asked for: new, revised, owed, asked, file ..."),
        column("outcome", TEXT, "new, revised, unchanged, not_found, deleted, rejected or failed."),
        optional("detail", TEXT, "NCBI's words, or the reason.", null="Nothing to add."),
    ),
    is_log=True,
)

CHANGE = Table(
    "change",
    "What a run changed of a citation: a column, or a row of a list that came or went.",
    ("run_id", "pmid", "table_name", "column_name", "change_order"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column(
            "table_name",
            TEXT,
            "citation, mesh_heading, publication_type, comment_correction, link, or deleted_citation.",
        ),
        column(
            "column_name",
            TEXT,
            "The column of citation; pmid for a citation that came or went as a whole; is_major for a heading that "
            "became or ceased to be a main point; otherwise what the row says.",
        ),
        order("change_order", "the change among those of the same column"),
        optional("before", TEXT, "Value before, as text.", null="There was none."),
        optional("after", TEXT, "Value after, as text.", null="There is none."),
    ),
    owner=DERIVED,
)

CITATION_PAST = Table(
    "citation_past",
    "A citation as it was before a later run replaced it; the view citation_history has these and those that hold.",
    ("pmid", "run_id"),
    (*CITATION.columns, column("until_run_id", TEXT, "The run that replaced it, or took its seed page away.")),
    owner=DERIVED,
)

MEMBER_PAST = Table(
    "member_past",
    "A time in which a reason held, before it held again; member has the last one of each reason.",
    ("pmid", "reason", "via", "since_run_id"),
    (
        *(c for c in MEMBER.columns if c.name != "until_run_id"),
        column("until_run_id", TEXT, "The run that no longer found it."),
    ),
    owner=DERIVED,
)

ARTICLE_LIST = Table(
    "article_list",
    "The lists of a citation in the view article, kept ready so that asking for many citations need not make them.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("authors", TEXTS, "Authors, last name and initials or collective name, in their order."),
        column("mesh", TEXTS, "MeSH descriptors, in their order."),
        column("publication_types", TEXTS, "Publication types, in their order."),
    ),
    owner=DERIVED,
)

ARTICLE_MESH = Table(
    "article_mesh",
    "A MeSH descriptor of a citation, once, with the year; kept ready so that counting need not put headings together.",
    ("pmid", "descriptor_name"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("descriptor_name", TEXT, "Name of the descriptor."),
        optional("descriptor_ui", TEXT, "Its identifier.", null="The record gives none."),
        optional("pub_year", INT16, "Year of publication, as in citation.", null="The record gives none."),
        column("is_major", BOOL, "The descriptor, or one of its qualifiers, is a main point."),
    ),
    owner=DERIVED,
)

SEARCH_TERM = Table(
    "search_term",
    "A term of a citation's title and abstract: a stem, as search_stem gives it, stop words left out.",
    ("term", "pmid"),
    (
        column("term", TEXT, "The stem."),
        column("pmid", INT64, "PubMed identifier."),
        column("term_count", INT32, "How often it stands in title and abstract."),
    ),
    owner=DERIVED,
)

SEARCH_LENGTH = Table(
    "search_length",
    "A citation that search looks through.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("term_count", INT32, "Terms in its title and abstract, each as often as it stands there."),
    ),
    owner=DERIVED,
)

CONTENT = Table(
    "content",
    "A table whose rows are the content of the corpus: what was learned, without the accounts of the runs.",
    ("table_name",),
    (
        column("table_name", TEXT, "The table."),
        column("row_count", INT64, "Rows in it."),
        column("row_digest", TEXT, "Sums of two quarters of the SHA-256 of each row, in any order; see view manifest."),
    ),
    owner=DERIVED,
)

BUILD = Table(
    "build",
    "A fact about how this file was built; one that is built by other rules is not brought up to date but made afresh.",
    ("fact",),
    (column("fact", TEXT, "definition_sha256 or rebuilt."), column("value", TEXT, "Its value.")),
    owner=DERIVED,
)

# --- what has no column ----------------------------------------------------------------------------------------------

# Elements and attributes of a record, by path, that are read with the document around it, and come to the tables from
# there (transforms/pubmed_document.py).
READ_WITH_DOCUMENT: dict[str, str] = {
    "MedlineCitation/PMID": "pmid of every table.",
    "MedlineCitation/PMID/@Version": "citation.pmid_version.",
    "BookDocument/PMID": "pmid of every table.",
    "BookDocument/PMID/@Version": "citation.pmid_version.",
}

MATHML = "http://www.w3.org/1998/Math/MathML"
MARKUP = ("b", "i", "u", "sub", "sup", "DispFormula")

# Elements of the DTD that have no column of their own, and why nothing is lost by that; raw_citation has all of it.
LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(MARKUP, "Markup inside of text: its text stands in its place in the column, the tag does not."),
    "math": "MathML inside of text, with all its elements and attributes: its text stands in its place.",
    "PubmedArticleSet": "The document around the records.",
    "PubmedBookArticleSet": "The document around the records.",
    "BookDocumentSet": "The document around the records.",
    "DeleteCitation": "Stands beside the records: deleted_citation, one row a PMID.",
    "DeleteDocument": "Stands beside the records: deleted_citation, one row a PMID.",
    "ContractNumber": "Declared, but no element of the DTD can hold it.",
    "URL": "Declared, but no element of the DTD can hold it.",
}

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CITATION,
        CITATION_DATE,
        ABSTRACT_SECTION,
        AUTHOR,
        AUTHOR_IDENTIFIER,
        AFFILIATION,
        AFFILIATION_IDENTIFIER,
        INVESTIGATOR,
        INVESTIGATOR_IDENTIFIER,
        INVESTIGATOR_AFFILIATION,
        INVESTIGATOR_AFFILIATION_IDENTIFIER,
        PERSONAL_NAME_SUBJECT,
        MESH_HEADING,
        SUBSTANCE,
        SUPPLEMENTARY_MESH,
        PUBLICATION_TYPE,
        KEYWORD,
        GENE_SYMBOL,
        GRANT_SUPPORT,
        ACCESSION,
        ARTICLE_ID,
        ELOCATION_ID,
        OTHER_ID,
        LANGUAGE,
        CITATION_SUBSET,
        SPACE_FLIGHT_MISSION,
        GENERAL_NOTE,
        HISTORY_DATE,
        OBJECT,
        REFERENCE_LIST,
        CITED_REFERENCE,
        CITED_ARTICLE_ID,
        COMMENT_CORRECTION,
        BOOK,
        ISBN,
        LOCATION_LABEL,
        BOOK_SECTION,
        BOOK_ITEM,
        LINK_LIST,
        LINK,
        LINKOUT_LIST,
        LINKOUT,
        SEED_DOCUMENT,
        SEED_CITATION,
        SEED_CITATION_FLAG,
        SEED_TERM,
        MEMBER,
        DELETED_CITATION,
        REJECTED_CITATION,
        UNKNOWN_ELEMENT,
        CONFLICT,
        RAW_CITATION,
        RAW_REPLY,
        RUN,
        REQUEST,
        CHANGE,
        CITATION_PAST,
        MEMBER_PAST,
        ARTICLE_LIST,
        ARTICLE_MESH,
        SEARCH_TERM,
        SEARCH_LENGTH,
        CONTENT,
        BUILD,
    )
}
