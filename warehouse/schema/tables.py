"""Every table of the corpus, in the order of the data dictionary."""

from warehouse.schema.abstract import ABSTRACT_SECTION
from warehouse.schema.books import BOOK, BOOK_ITEM, BOOK_SECTION, ISBN, LOCATION_LABEL
from warehouse.schema.citation import CITATION
from warehouse.schema.companions import COMPANION
from warehouse.schema.corrections import COMMENT_CORRECTION
from warehouse.schema.dates import CITATION_DATE, HISTORY_DATE
from warehouse.schema.declaration import Table
from warehouse.schema.deliveries import DELIVERY, FILE, STAGED_DELIVERY
from warehouse.schema.derived import (
    ARTICLE_LIST,
    ARTICLE_MESH,
    BUILD,
    CHANGE,
    CITATION_DOI,
    CITATION_PAST,
    CONFLICT,
    CONTENT,
    JOURNAL_NAME,
    MEMBER_PAST,
    MESH_BELOW,
    MESH_NAME,
    POSTING_LIST,
    SEARCH_LENGTH,
    SEARCH_VOCABULARY,
)
from warehouse.schema.grants import GRANT_SUPPORT
from warehouse.schema.identifiers import ACCESSION, ARTICLE_ID, ELOCATION_ID, OTHER_ID
from warehouse.schema.keywords import GENE_SYMBOL, KEYWORD
from warehouse.schema.ledger import DELETED_CITATION, REJECTED_CITATION, REQUEST, RUN, SEARCH_RUN, UNKNOWN_ELEMENT
from warehouse.schema.links import LINK, LINK_LIST, LINKOUT, LINKOUT_LIST
from warehouse.schema.members import MEMBER
from warehouse.schema.mesh import MESH_HEADING, SUBSTANCE, SUPPLEMENTARY_MESH
from warehouse.schema.mesh_vocabulary import (
    MESH_DESCRIPTOR,
    MESH_FILE,
    MESH_MAPPED_HEADING,
    MESH_PHARMACOLOGICAL_ACTION,
    MESH_QUALIFIER,
    MESH_SUPPLEMENTARY,
    MESH_TERM,
    MESH_TREE_NUMBER,
)
from warehouse.schema.notes import GENERAL_NOTE, OBJECT, SPACE_FLIGHT_MISSION
from warehouse.schema.people import (
    AFFILIATION,
    AFFILIATION_IDENTIFIER,
    AUTHOR,
    AUTHOR_IDENTIFIER,
    INVESTIGATOR,
    INVESTIGATOR_AFFILIATION,
    INVESTIGATOR_AFFILIATION_IDENTIFIER,
    INVESTIGATOR_IDENTIFIER,
    PERSONAL_NAME_SUBJECT,
)
from warehouse.schema.publication import CITATION_SUBSET, LANGUAGE, PUBLICATION_TYPE
from warehouse.schema.raw import RAW_CITATION, RAW_REPLY
from warehouse.schema.references import CITED_ARTICLE_ID, CITED_REFERENCE, REFERENCE_LIST
from warehouse.schema.seeds import SEED_CITATION, SEED_CITATION_FLAG, SEED_DOCUMENT, SEED_TERM

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
        DELIVERY,
        FILE,
        REJECTED_CITATION,
        UNKNOWN_ELEMENT,
        CONFLICT,
        MESH_FILE,
        MESH_DESCRIPTOR,
        MESH_TREE_NUMBER,
        MESH_TERM,
        MESH_QUALIFIER,
        MESH_SUPPLEMENTARY,
        MESH_MAPPED_HEADING,
        MESH_PHARMACOLOGICAL_ACTION,
        RAW_CITATION,
        RAW_REPLY,
        RUN,
        REQUEST,
        SEARCH_RUN,
        CHANGE,
        CITATION_PAST,
        MEMBER_PAST,
        ARTICLE_LIST,
        ARTICLE_MESH,
        CITATION_DOI,
        MESH_BELOW,
        MESH_NAME,
        JOURNAL_NAME,
        POSTING_LIST,
        SEARCH_VOCABULARY,
        SEARCH_LENGTH,
        CONTENT,
        COMPANION,
        BUILD,
    )
}

# What reading writes: every table, and the deliveries on which it is decided what holds.
STAGED_TABLES = TABLES | {STAGED_DELIVERY.name: STAGED_DELIVERY}
