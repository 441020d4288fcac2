"""The citation itself: one row for each PMID, with everything that a record has once.

What a record has several times, such as authors and MeSH headings, is in the other modules.
"""

from warehouse.schema.declaration import (
    BOOL,
    DATE,
    INT16,
    NO_ATTRIBUTE,
    PMID,
    RECORD,
    RUN_ID,
    TEXT,
    TIMESTAMP,
    Table,
    column,
    optional,
)

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
        column(
            "source", TEXT, "Where the values are from: efetch, file, sample (a stub that stands for a record) or seed."
        ),
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
            "article_title_xml",
            TEXT,
            "Title as the XML has it, with its markup and references: 10<sup>6</sup>, H<sub>2</sub>O.",
            source="Derived: the content of the title's element.",
            null="It has no superscript, subscript or formula, or was read before this column was there.",
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
            "The record itself says that it is retracted: publication type D016441, RetractionIn or "
            "RetractedandRepublishedIn. Never true for the notice. View retracted has those of notices too.",
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
