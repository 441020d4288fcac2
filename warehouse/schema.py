"""Every table of the corpus, declared once.

A declaration names the table, says what one row is, gives its key and documents each column with its source. The Arrow
schemas, the DuckDB tables with their comments and the data dictionary are made from it.

Names are NLM's words in snake_case. An ending means one thing: `_ui` NLM identifier, `_id` other identifier, `_name`,
`_date`, `_at` UTC timestamp, `_order` position from 1 in document order, `_count`, `_s` seconds, `_bytes`; `is_` and
`has_` begin booleans.

`source` is the path of the XML below the record's own element (`PubmedArticle` or `PubmedBookArticle`), several
alternatives separated by ` | `; `//` means at any depth. One that does not begin with an element name is a sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

INT8 = pa.int8()
INT16 = pa.int16()
INT32 = pa.int32()
INT64 = pa.int64()
FLOAT = pa.float64()
TEXT = pa.string()
BYTES = pa.large_binary()
BOOL = pa.bool_()
DATE = pa.date32()
TIMESTAMP = pa.timestamp("us")  # UTC; without a zone, since DuckDB clients need a library of their own to read one

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
    """

    name: str
    type: pa.DataType
    doc: str
    source: str
    null: str


def column(name: str, type_: pa.DataType, doc: str, *, source: str = "", null: str = "") -> Column:
    """A column that is never null unless `null` says what that means."""
    return Column(name, type_, doc, source, null)


def optional(name: str, type_: pa.DataType, doc: str, *, source: str = "", null: str = ABSENT) -> Column:
    """A column that is null where the XML has no such element, or for the reason given."""
    return Column(name, type_, doc, source, null)


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: snake_case, singular.
        row: What one row is.
        key: Columns that identify a row in the DuckDB table.
        columns: In order; rows are tuples in this order.
        owner: The table whose rows say which run's rows are current, matched on `owner_key`; '' for a table that is its
            own owner (the latest run that has a key wins) or that only grows (`is_log`).
        owner_key: The columns shared with the owner's key; a later run replaces all rows that agree on them at once.
        is_log: Rows of every run stay.
        is_raw: Kept in Parquet only.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    owner: str = ""
    owner_key: tuple[str, ...] = ()
    is_log: bool = False
    is_raw: bool = False

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema, not-null marked."""
        return pa.schema([pa.field(c.name, c.type, nullable=bool(c.null)) for c in self.columns])

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(c.name for c in self.columns)

    def to_arrow(self, rows: Sequence[tuple[object, ...]]) -> pa.Table:
        """An Arrow table of rows given as tuples in the order of the columns.

        Raises:
            ValueError: A row is too short or too long, or a required value is null.
            pyarrow.ArrowInvalid: A value does not fit its column's type.
        """
        if not rows:
            return self.arrow_schema.empty_table()
        values = list(zip(*rows, strict=True))
        if len(values) != len(self.columns):
            raise ValueError(f"{self.name}: rows of {len(values)} values for {len(self.columns)} columns")
        arrays = [pa.array(v, c.type) for v, c in zip(values, self.columns, strict=True)]
        for array, c in zip(arrays, self.columns, strict=True):
            if array.null_count and not c.null:
                raise ValueError(f"{self.name}.{c.name}: null in row {array.is_null().index(True)}")
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema)


PMID = column("pmid", INT64, "PubMed identifier of the citation.", source="MedlineCitation/PMID | BookDocument/PMID")


def of_citation(name: str, row: str, key: Iterable[str], *columns: Column) -> Table:
    """A table of parts of a citation: a later run's citation replaces all of its rows."""
    return Table(name, row, ("pmid", *key), (PMID, *columns), owner="citation", owner_key=("pmid",))


def order(name: str, of: str) -> Column:
    """A position counted from 1 in document order."""
    return column(name, INT32, f"Position of {of}, from 1, in document order.")


RUN_ID = column("run_id", TEXT, "The run that wrote the row; sorts by time.")

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
            source="MedlineCitation/Article/Abstract/AbstractText | BookDocument/Abstract/AbstractText",
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
        column("content_sha256", TEXT, "SHA-256, hex, of the record's XML without line breaks between its tags."),
        RUN_ID,
        optional(
            "fetched_at",
            TIMESTAMP,
            "When Entrez delivered it, or the file was read.",
            null="Known from seed text only.",
        ),
    ),
)

CITATION_DATE = of_citation(
    "citation_date",
    "A date of the record other than PubDate and History, verbatim.",
    ("date_order",),
    order("date_order", "the date"),
    column(
        "date_kind",
        TEXT,
        "Name of the element: DateCreated (files before 2018), DateCompleted, DateRevised, ArticleDate, "
        "ContributionDate, BeginningDate, EndingDate.",
        source="MedlineCitation/DateCreated | MedlineCitation/DateCompleted | MedlineCitation/DateRevised | "
        "MedlineCitation/Article/ArticleDate | BookDocument/ContributionDate | BookDocument/DateRevised | "
        "BookDocument/Book/BeginningDate | BookDocument/Book/EndingDate",
    ),
    optional(
        "date_type",
        TEXT,
        "Electronic, for an ArticleDate.",
        source="MedlineCitation/Article/ArticleDate/@DateType",
        null=NO_ATTRIBUTE,
    ),
    optional("year", TEXT, "Verbatim.", source="*Date*/Year"),
    optional("month", TEXT, "Verbatim.", source="*Date*/Month"),
    optional("day", TEXT, "Verbatim.", source="*Date*/Day"),
    optional("season", TEXT, "Verbatim.", source="*Date*/Season"),
    optional("citation_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
)

ABSTRACT_SECTION = of_citation(
    "abstract_section",
    "A section of the main or of another abstract; an abstract without sections is one row.",
    ("abstract_kind", "language", "section_order"),
    column(
        "abstract_kind",
        TEXT,
        "main, or the type of another abstract: Publisher, plain-language-summary ...",
        source="MedlineCitation/OtherAbstract/@Type",
    ),
    column(
        "language",
        TEXT,
        "Language of another abstract; '' for the main one and where not said (the DTD's default is eng).",
        source="MedlineCitation/OtherAbstract/@Language",
    ),
    order("section_order", "the section within its abstract_kind and language"),
    column("abstract_order", INT32, "0 for the main abstract, then the other abstracts from 1."),
    optional("label", TEXT, "Heading of the section.", source="*/AbstractText/@Label", null=NO_ATTRIBUTE),
    optional("nlm_category", TEXT, "NLM's category.", source="*/AbstractText/@NlmCategory", null=NO_ATTRIBUTE),
    column("section_text", TEXT, "All text of the section without markup; '' where empty.", source="*/AbstractText"),
    optional(
        "copyright_information",
        TEXT,
        "Copyright statement of the abstract the section belongs to.",
        source="MedlineCitation/OtherAbstract/CopyrightInformation",
    ),
)

# --- people ----------------------------------------------------------------------------------------------------------

AUTHOR_PATH = "MedlineCitation/Article/AuthorList/Author"
INVESTIGATOR_PATH = "MedlineCitation/InvestigatorList/Investigator"


def person_columns(path: str) -> tuple[Column, ...]:
    """The columns that an author and an investigator share."""
    return (
        column("list_order", INT32, "Which of the record's lists the person is in, from 1."),
        column(
            "list_path",
            TEXT,
            "Where that list stands: Article, MedlineCitation, BookDocument (a chapter's) or Book (the whole book's).",
        ),
        optional(
            "list_type",
            TEXT,
            "authors or editors, in books.",
            source="BookDocument/AuthorList/@Type | BookDocument/Book/AuthorList/@Type | */AuthorList/@Type",
            null=NO_ATTRIBUTE,
        ),
        optional("list_id", TEXT, "The list's ID, which a collective name refers to.", source="*/InvestigatorList/@ID"),
        optional("last_name", TEXT, "Family name.", source=f"{path}/LastName"),
        optional("fore_name", TEXT, "Given names.", source=f"{path}/ForeName | {path}/FirstName"),
        optional("middle_name", TEXT, "Middle name, in files before 2008.", source=f"{path}/MiddleName"),
        optional("initials", TEXT, "Initials of the given names.", source=f"{path}/Initials"),
        optional("suffix", TEXT, "Jr, 3rd ...", source=f"{path}/Suffix"),
        optional("collective_name", TEXT, "Name of a group.", source=f"{path}/CollectiveName"),
        optional(
            "collective_investigators",
            TEXT,
            "ID of the investigator list that names the group's members.",
            source=f"{path}/CollectiveName/@Investigators",
            null=NO_ATTRIBUTE,
        ),
        optional(
            "is_valid",
            BOOL,
            "False for a name that was corrected elsewhere.",
            source=f"{path}/@ValidYN",
            null="Not said (the DTD's default is Y).",
        ),
        optional(
            "is_equal_contrib",
            BOOL,
            "Contributed equally with the others so marked.",
            source=f"{path}/@EqualContrib",
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


def person_tables(name: str, path: str) -> tuple[Table, Table, Table, Table]:
    """The tables of an author or investigator: persons, identifiers, affiliations, affiliations' identifiers."""
    person_order = f"{name}_order"
    return (
        of_citation(
            name,
            {
                "author": "An author, editor or collective.",
                "investigator": "A collaborator who is not an author.",
            }[name],
            (person_order,),
            order(person_order, f"the {name}"),
            *person_columns(path),
        ),
        of_citation(
            f"{name}_identifier",
            f"An identifier of an {name}.",
            (person_order, "identifier_order"),
            order(person_order, f"the {name}"),
            order("identifier_order", "the identifier"),
            optional("identifier_source", TEXT, "Who gave it.", source=f"{path}/Identifier/@Source", null=NO_ATTRIBUTE),
            column("identifier", TEXT, "Verbatim.", source=f"{path}/Identifier"),
            optional(
                "orcid",
                TEXT,
                "The same as 0000-0002-1825-0097.",
                source="Derived.",
                null="Not an ORCID, or not well-formed (16 characters with the right check digit).",
            ),
        ),
        of_citation(
            f"{name}_affiliation" if name == "investigator" else "affiliation",
            f"An affiliation of an {name}.",
            (person_order, "affiliation_order"),
            column(
                person_order,
                INT32,
                f"Position of the {name}, from 1; 0 for an affiliation of the whole article (files before 2014).",
            ),
            order("affiliation_order", f"the affiliation of this {name}"),
            column(
                "affiliation",
                TEXT,
                "All text of the affiliation.",
                source=f"{path}/AffiliationInfo/Affiliation | {path}/Affiliation | MedlineCitation/Article/Affiliation",
            ),
        ),
        of_citation(
            f"{name}_affiliation_identifier" if name == "investigator" else "affiliation_identifier",
            "An identifier of an affiliation: ROR, GRID, ISNI, RINGGOLD.",
            (person_order, "affiliation_order", "identifier_order"),
            order(person_order, f"the {name}"),
            order("affiliation_order", f"the affiliation of this {name}"),
            order("identifier_order", "the identifier"),
            optional(
                "identifier_source",
                TEXT,
                "Who gave it.",
                source=f"{path}/AffiliationInfo/Identifier/@Source",
                null=NO_ATTRIBUTE,
            ),
            column("identifier", TEXT, "Verbatim.", source=f"{path}/AffiliationInfo/Identifier"),
        ),
    )


AUTHOR, AUTHOR_IDENTIFIER, AFFILIATION, AFFILIATION_IDENTIFIER = person_tables("author", AUTHOR_PATH)
(
    INVESTIGATOR,
    INVESTIGATOR_IDENTIFIER,
    INVESTIGATOR_AFFILIATION,
    INVESTIGATOR_AFFILIATION_IDENTIFIER,
) = person_tables("investigator", INVESTIGATOR_PATH)

PERSONAL_NAME_SUBJECT = of_citation(
    "personal_name_subject",
    "A person the article is about.",
    ("subject_order",),
    order("subject_order", "the person"),
    optional(
        "last_name", TEXT, "Family name.", source="MedlineCitation/PersonalNameSubjectList/PersonalNameSubject/LastName"
    ),
    optional(
        "fore_name", TEXT, "Given names.", source="MedlineCitation/PersonalNameSubjectList/PersonalNameSubject/ForeName"
    ),
    optional(
        "initials", TEXT, "Initials.", source="MedlineCitation/PersonalNameSubjectList/PersonalNameSubject/Initials"
    ),
    optional(
        "suffix", TEXT, "Jr, 3rd ...", source="MedlineCitation/PersonalNameSubjectList/PersonalNameSubject/Suffix"
    ),
)

# --- subjects --------------------------------------------------------------------------------------------------------

MESH_PATH = "MedlineCitation/MeshHeadingList/MeshHeading"
AUTO_NULL = "Not said: assigned by a person, or before the attribute came in 2025."

MESH_HEADING = of_citation(
    "mesh_heading",
    "A pair of MeSH descriptor and qualifier; a descriptor without qualifier is one row with qualifier_name ''.",
    ("heading_order", "qualifier_order"),
    order("heading_order", "the heading"),
    order("qualifier_order", "the qualifier within its heading"),
    optional(
        "descriptor_ui",
        TEXT,
        "MeSH unique identifier: D003866.",
        source=f"{MESH_PATH}/DescriptorName/@UI",
        null="Files before 2012 name it only.",
    ),
    column("descriptor_name", TEXT, "MeSH descriptor.", source=f"{MESH_PATH}/DescriptorName | {MESH_PATH}/Descriptor"),
    optional(
        "descriptor_type",
        TEXT,
        "Geographic, for places.",
        source=f"{MESH_PATH}/DescriptorName/@Type",
        null=NO_ATTRIBUTE,
    ),
    optional(
        "is_descriptor_major",
        BOOL,
        "The descriptor alone is a main point of the article.",
        source=f"{MESH_PATH}/DescriptorName/@MajorTopicYN",
        null="Not said (the DTD's default is N).",
    ),
    optional(
        "is_descriptor_auto",
        BOOL,
        "Assigned by NLM's automated indexing.",
        source=f"{MESH_PATH}/DescriptorName/@AutoHM",
        null=AUTO_NULL,
    ),
    optional(
        "qualifier_ui",
        TEXT,
        "MeSH unique identifier: Q000235; '' without qualifier.",
        source=f"{MESH_PATH}/QualifierName/@UI",
        null="Files before 2012 name it only.",
    ),
    column("qualifier_name", TEXT, "MeSH qualifier; '' without one.", source=f"{MESH_PATH}/QualifierName"),
    optional(
        "is_qualifier_major",
        BOOL,
        "The pair is a main point of the article.",
        source=f"{MESH_PATH}/QualifierName/@MajorTopicYN",
        null="No qualifier, or not said (the DTD's default is N).",
    ),
    optional(
        "is_qualifier_auto",
        BOOL,
        "Assigned by NLM's automated indexing.",
        source=f"{MESH_PATH}/QualifierName/@AutoHM",
        null=AUTO_NULL,
    ),
)

SUBSTANCE = of_citation(
    "substance",
    "A chemical substance.",
    ("substance_order",),
    order("substance_order", "the substance"),
    optional(
        "registry_number",
        TEXT,
        "CAS, UNII or EC number; 0 where there is none.",
        source="MedlineCitation/ChemicalList/Chemical/RegistryNumber",
    ),
    optional(
        "substance_ui",
        TEXT,
        "MeSH unique identifier.",
        source="MedlineCitation/ChemicalList/Chemical/NameOfSubstance/@UI",
        null="Files before 2012 name it only.",
    ),
    column("substance_name", TEXT, "Name.", source="MedlineCitation/ChemicalList/Chemical/NameOfSubstance"),
)

SUPPLEMENTARY_MESH = of_citation(
    "supplementary_mesh",
    "A supplementary MeSH concept: disease, protocol, organism ...",
    ("supplementary_order",),
    order("supplementary_order", "the concept"),
    optional(
        "supplementary_type", TEXT, "Disease, Protocol ...", source="MedlineCitation/SupplMeshList/SupplMeshName/@Type"
    ),
    optional("supplementary_ui", TEXT, "MeSH identifier.", source="MedlineCitation/SupplMeshList/SupplMeshName/@UI"),
    column("supplementary_name", TEXT, "Name.", source="MedlineCitation/SupplMeshList/SupplMeshName"),
)

PUBLICATION_TYPE = of_citation(
    "publication_type",
    "A publication type.",
    ("publication_type_order",),
    order("publication_type_order", "the type"),
    optional(
        "publication_type_ui",
        TEXT,
        "MeSH unique identifier: D016428.",
        source="MedlineCitation/Article/PublicationTypeList/PublicationType/@UI | BookDocument/PublicationType/@UI",
        null="Files before 2014 name it only.",
    ),
    column(
        "publication_type",
        TEXT,
        "Journal Article, Review, Retracted Publication ...",
        source="MedlineCitation/Article/PublicationTypeList/PublicationType | BookDocument/PublicationType",
    ),
)

KEYWORD = of_citation(
    "keyword",
    "A keyword.",
    ("keyword_order",),
    order("keyword_order", "the keyword over all lists"),
    column("keyword_list_order", INT32, "Which of the record's keyword lists, from 1."),
    optional(
        "keyword_list_owner",
        TEXT,
        "Who gave the keywords: NOTNLM for authors'.",
        source="MedlineCitation/KeywordList/@Owner | BookDocument/KeywordList/@Owner",
        null="Not said (the DTD's default is NLM).",
    ),
    column(
        "keyword",
        TEXT,
        "All text of it.",
        source="MedlineCitation/KeywordList/Keyword | BookDocument/KeywordList/Keyword",
    ),
    optional(
        "is_major_topic",
        BOOL,
        "A main point of the article.",
        source="MedlineCitation/KeywordList/Keyword/@MajorTopicYN | BookDocument/KeywordList/Keyword/@MajorTopicYN",
        null="Not said (the DTD's default is N).",
    ),
)

GENE_SYMBOL = of_citation(
    "gene_symbol",
    "A gene symbol as it stood in the literature (1991-1995).",
    ("gene_symbol_order",),
    order("gene_symbol_order", "the symbol"),
    column("gene_symbol", TEXT, "Verbatim.", source="MedlineCitation/GeneSymbolList/GeneSymbol"),
)

# --- support, ids, dates, notes --------------------------------------------------------------------------------------

GRANT_PATH = "MedlineCitation/Article/GrantList/Grant"
BOOK_GRANT_PATH = "BookDocument/GrantList/Grant"

GRANT_SUPPORT = of_citation(
    "grant_support",
    "A grant or contract that supported the work.",
    ("grant_order",),
    order("grant_order", "the grant"),
    optional("grant_id", TEXT, "Number of the grant.", source=f"{GRANT_PATH}/GrantID | {BOOK_GRANT_PATH}/GrantID"),
    optional(
        "acronym", TEXT, "NIH's code of the institute.", source=f"{GRANT_PATH}/Acronym | {BOOK_GRANT_PATH}/Acronym"
    ),
    optional("agency", TEXT, "Who gave it.", source=f"{GRANT_PATH}/Agency | {BOOK_GRANT_PATH}/Agency"),
    optional("country", TEXT, "Country of the agency.", source=f"{GRANT_PATH}/Country | {BOOK_GRANT_PATH}/Country"),
)

DATA_BANK_PATH = "MedlineCitation/Article/DataBankList/DataBank"

ACCESSION = of_citation(
    "accession",
    "An accession number in a data bank; a data bank without numbers is one row.",
    ("data_bank_order", "accession_order"),
    order("data_bank_order", "the data bank"),
    order("accession_order", "the number within its data bank"),
    optional("data_bank_name", TEXT, "GENBANK, ClinicalTrials.gov ...", source=f"{DATA_BANK_PATH}/DataBankName"),
    optional(
        "accession_number",
        TEXT,
        "Verbatim.",
        source=f"{DATA_BANK_PATH}/AccessionNumberList/AccessionNumber",
        null="The data bank is named without numbers.",
    ),
)

ARTICLE_ID = of_citation(
    "article_id",
    "An identifier of the citation itself, never of a work it cites.",
    ("article_id_order",),
    order("article_id_order", "the identifier"),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc, pii, mid, bookaccession ...",
        source="PubmedData/ArticleIdList/ArticleId/@IdType | PubmedBookData/ArticleIdList/ArticleId/@IdType | "
        "BookDocument/ArticleIdList/ArticleId/@IdType",
        null="Not said (the DTD's default is pubmed).",
    ),
    column(
        "article_id",
        TEXT,
        "Verbatim.",
        source="PubmedData/ArticleIdList/ArticleId | PubmedBookData/ArticleIdList/ArticleId | "
        "BookDocument/ArticleIdList/ArticleId",
    ),
    column("id_path", TEXT, "Which list it is from: PubmedData, PubmedBookData or BookDocument."),
)

ELOCATION_ID = of_citation(
    "elocation_id",
    "An electronic location: DOI or publisher item identifier.",
    ("elocation_order",),
    order("elocation_order", "the location"),
    optional(
        "eid_type",
        TEXT,
        "doi or pii.",
        source="MedlineCitation/Article/ELocationID/@EIdType | BookDocument/Book/ELocationID/@EIdType",
    ),
    optional(
        "is_valid",
        BOOL,
        "False for one known to be wrong.",
        source="MedlineCitation/Article/ELocationID/@ValidYN | BookDocument/Book/ELocationID/@ValidYN",
        null="Not said (the DTD's default is Y).",
    ),
    column(
        "elocation_id", TEXT, "Verbatim.", source="MedlineCitation/Article/ELocationID | BookDocument/Book/ELocationID"
    ),
)

OTHER_ID = of_citation(
    "other_id",
    "An identifier of a partner of NLM.",
    ("other_id_order",),
    order("other_id_order", "the identifier"),
    optional(
        "other_id_source", TEXT, "NASA, KIE, PIP ...", source="MedlineCitation/OtherID/@Source", null=NO_ATTRIBUTE
    ),
    column("other_id", TEXT, "Verbatim.", source="MedlineCitation/OtherID"),
)

LANGUAGE = of_citation(
    "language",
    "A language of the publication.",
    ("language_order",),
    order("language_order", "the language"),
    column("language", TEXT, "Three letters: eng.", source="MedlineCitation/Article/Language | BookDocument/Language"),
)

CITATION_SUBSET = of_citation(
    "citation_subset",
    "A subset of journals or topics the citation belongs to.",
    ("citation_subset_order",),
    order("citation_subset_order", "the subset"),
    column("citation_subset", TEXT, "IM for Index Medicus ...", source="MedlineCitation/CitationSubset"),
)

SPACE_FLIGHT_MISSION = of_citation(
    "space_flight_mission",
    "A space flight mission the data are from.",
    ("mission_order",),
    order("mission_order", "the mission"),
    column("space_flight_mission", TEXT, "Verbatim.", source="MedlineCitation/SpaceFlightMission"),
)

GENERAL_NOTE = of_citation(
    "general_note",
    "A note on the citation.",
    ("note_order",),
    order("note_order", "the note"),
    optional("note_owner", TEXT, "Who wrote it.", source="MedlineCitation/GeneralNote/@Owner", null=NO_ATTRIBUTE),
    column("general_note", TEXT, "Verbatim.", source="MedlineCitation/GeneralNote"),
)

HISTORY_PATH = "PubmedData/History/PubMedPubDate"
BOOK_HISTORY_PATH = "PubmedBookData/History/PubMedPubDate"


def history_part(name: str, element: str, doc: str) -> Column:
    """A verbatim part of a PubMedPubDate."""
    return optional(name, TEXT, doc, source=f"{HISTORY_PATH}/{element} | {BOOK_HISTORY_PATH}/{element}")


HISTORY_DATE = of_citation(
    "history_date",
    "A date of the record's life; a status can come twice.",
    ("history_order",),
    order("history_order", "the date"),
    optional(
        "pub_status",
        TEXT,
        "received, revised, accepted, pubmed, medline, entrez ...",
        source=f"{HISTORY_PATH}/@PubStatus | {BOOK_HISTORY_PATH}/@PubStatus",
        null=NO_ATTRIBUTE,
    ),
    history_part("year", "Year", "Verbatim."),
    history_part("month", "Month", "Verbatim."),
    history_part("day", "Day", "Verbatim."),
    history_part("hour", "Hour", "Verbatim, US Eastern."),
    history_part("minute", "Minute", "Verbatim."),
    history_part("second", "Second", "Verbatim."),
    optional("history_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
)

OBJECT = of_citation(
    "object",
    "An object that goes with the article: a grant, a clinical trial, a keyword of a partner ...",
    ("object_order", "param_order"),
    order("object_order", "the object"),
    order("param_order", "the parameter; an object without any is one row"),
    optional(
        "object_type",
        TEXT,
        "Kind of object.",
        source="PubmedData/ObjectList/Object/@Type | PubmedBookData/ObjectList/Object/@Type",
        null=NO_ATTRIBUTE,
    ),
    optional(
        "param_name",
        TEXT,
        "Name of the parameter.",
        source="PubmedData/ObjectList/Object/Param/@Name | PubmedBookData/ObjectList/Object/Param/@Name",
        null="The object has no parameter.",
    ),
    optional(
        "param",
        TEXT,
        "Value of the parameter.",
        source="PubmedData/ObjectList/Object/Param | PubmedBookData/ObjectList/Object/Param",
        null="The object has no parameter.",
    ),
)

# --- other works -----------------------------------------------------------------------------------------------------

REFERENCE_LIST = of_citation(
    "reference_list",
    "A reference list of the record; lists can be nested.",
    ("reference_list_order",),
    order("reference_list_order", "the list"),
    optional("parent_list_order", INT32, "The list around it.", null="A list of the record itself."),
    optional("title", TEXT, "Heading of the list.", source="//ReferenceList/Title"),
)

CITED_REFERENCE = of_citation(
    "cited_reference",
    "An entry of the record's own reference list.",
    ("reference_order",),
    order("reference_order", "the entry over all lists"),
    column("reference_list_order", INT32, "The list it stands in."),
    optional("citation", TEXT, "The entry's text.", source="//Reference/Citation", null="Empty."),
    optional(
        "cited_pmid",
        INT64,
        "PMID of the cited work.",
        source="Derived from cited_article_id, type pubmed.",
        null="NLM has not matched it.",
    ),
    optional("cited_doi", TEXT, "DOI of the cited work.", source="Derived from cited_article_id, type doi."),
    optional("cited_pmc_id", TEXT, "PMC id of the cited work.", source="Derived from cited_article_id, type pmc."),
)

CITED_ARTICLE_ID = of_citation(
    "cited_article_id",
    "An identifier of a cited work, verbatim.",
    ("reference_order", "article_id_order"),
    order("reference_order", "the entry over all lists"),
    order("article_id_order", "the identifier within its entry"),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc ...",
        source="//Reference/ArticleIdList/ArticleId/@IdType",
        null="Not said (the DTD's default is pubmed).",
    ),
    column("article_id", TEXT, "Verbatim.", source="//Reference/ArticleIdList/ArticleId"),
)

COMMENT_PATH = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections"

COMMENT_CORRECTION = of_citation(
    "comment_correction",
    "A tie to another citation: erratum, retraction, comment, update ...",
    ("comment_order",),
    order("comment_order", "the tie"),
    optional("ref_type", TEXT, "RetractionIn, ErratumFor, CommentOn ...", source=f"{COMMENT_PATH}/@RefType"),
    optional("ref_source", TEXT, "The other citation in words.", source=f"{COMMENT_PATH}/RefSource"),
    optional("related_pmid", INT64, "Its PMID.", source=f"{COMMENT_PATH}/PMID", null="Not in PubMed, or not matched."),
    optional("related_pmid_version", INT16, "Version of that PMID.", source=f"{COMMENT_PATH}/PMID/@Version"),
    optional("note", TEXT, "Note.", source=f"{COMMENT_PATH}/Note"),
)

# --- books -----------------------------------------------------------------------------------------------------------

BOOK_PATH = "BookDocument/Book"


def title_links(name: str, path: str) -> tuple[Column, ...]:
    """The three link attributes of a title in a book."""
    return tuple(
        optional(f"{name}_{a}", TEXT, f"The {a} it links to.", source=f"{path}/@{a}", null=NO_ATTRIBUTE)
        for a in ("book", "part", "sec")
    )


BOOK = of_citation(
    "book",
    "What a PubmedBookArticle has besides: the book around the chapter or section.",
    (),
    optional("book_title", TEXT, "Title of the book.", source=f"{BOOK_PATH}/BookTitle"),
    *title_links("book_title", f"{BOOK_PATH}/BookTitle"),
    *title_links("article_title", "BookDocument/ArticleTitle | MedlineCitation/Article/ArticleTitle"),
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
)

ISBN = of_citation(
    "isbn",
    "An ISBN of the book.",
    ("isbn_order",),
    order("isbn_order", "the ISBN"),
    column("isbn", TEXT, "Verbatim.", source=f"{BOOK_PATH}/Isbn"),
)

LOCATION_LABEL = of_citation(
    "location_label",
    "A label of the place in the book.",
    ("location_label_order",),
    order("location_label_order", "the label"),
    optional(
        "location_label_type", TEXT, "part, chapter ...", source="BookDocument/LocationLabel/@Type", null=NO_ATTRIBUTE
    ),
    column("location_label", TEXT, "Verbatim.", source="BookDocument/LocationLabel"),
)

BOOK_SECTION = of_citation(
    "book_section",
    "A section of a book; sections can be nested.",
    ("section_order",),
    order("section_order", "the section over all levels"),
    optional("parent_section_order", INT32, "The section around it.", null="A section of the record itself."),
    optional("location_label", TEXT, "Label of the section.", source="BookDocument/Sections//Section/LocationLabel"),
    optional("location_label_type", TEXT, "Its type.", source="BookDocument/Sections//Section/LocationLabel/@Type"),
    optional("section_title", TEXT, "Title.", source="BookDocument/Sections//Section/SectionTitle"),
    *title_links("section_title", "BookDocument/Sections//Section/SectionTitle"),
)

BOOK_ITEM = of_citation(
    "book_item",
    "An item of a list that describes the document, such as its synonyms.",
    ("item_list_order", "item_order"),
    order("item_list_order", "the list"),
    order("item_order", "the item within its list"),
    optional("list_type", TEXT, "Kind of list.", source="BookDocument/ItemList/@ListType", null=NO_ATTRIBUTE),
    column("item", TEXT, "Verbatim.", source="BookDocument/ItemList/Item"),
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
        "pmid", INT64, "PMID.", source="`PMID: n` in the entry.", null="The entry gives none and is not resolved."
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
    owner="derived",
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
        column("run_kind", TEXT, "refresh, backfill, ingest, compact or rebuild."),
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
    "A field of a citation that a run changed.",
    ("run_id", "pmid", "table_name", "column_name", "change_order"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column("table_name", TEXT, "The table."),
        column("column_name", TEXT, "The column, or the row's name in a table of parts."),
        order("change_order", "the change"),
        optional("before", TEXT, "Value before, as text.", null="There was none."),
        optional("after", TEXT, "Value after, as text.", null="There is none."),
    ),
    is_log=True,
)

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
    )
}
