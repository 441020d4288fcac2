"""The rows that a seed page gives: its document and entries, its links, and a citation for each PMID without a record.

What the page says of its own citation fills the tables that a record would fill, as far as the page tells.
"""

import hashlib
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from transforms.seed_entry import SeedEntry
from transforms.seed_header import SIGNS
from transforms.seed_lines import TIES
from transforms.seed_phrases import is_publication_type, is_retracted
from transforms.seed_text import LABEL, LINK_KINDS, SeedPage
from transforms.values import MONTHS, to_date
from warehouse.schema.abstract import ABSTRACT_SECTION
from warehouse.schema.citation import CITATION
from warehouse.schema.corrections import COMMENT_CORRECTION
from warehouse.schema.declaration import Table
from warehouse.schema.keywords import KEYWORD
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.mesh import MESH_HEADING, SUBSTANCE, SUPPLEMENTARY_MESH
from warehouse.schema.people import AFFILIATION, AUTHOR
from warehouse.schema.publication import PUBLICATION_TYPE
from warehouse.schema.seeds import SEED_CITATION, SEED_CITATION_FLAG, SEED_DOCUMENT, SEED_TERM

# The tables of citations that seed text has rows in.
CITATION_TABLES = (
    CITATION,
    PUBLICATION_TYPE,
    AUTHOR,
    AFFILIATION,
    ABSTRACT_SECTION,
    MESH_HEADING,
    SUBSTANCE,
    SUPPLEMENTARY_MESH,
    KEYWORD,
    COMMENT_CORRECTION,
)
RETRACTING = ("retraction in", "retracted and republished in")
PERSON = re.compile(rf"(?P<name>.+?)(?:,? (?P<suffix>Jr|Sr|2nd|3rd|4th|I{{2,3}}|IV))?(?P<signs>{SIGNS})\.?")
# `Roe AB` has initials; of a full name, the last word and the lower-case ones before it are the last name.
INITIALS = re.compile(r"(?P<last_name>.+) (?P<initials>[A-Z](?:-?[A-Z]){0,3})")
FULL = re.compile(r"(?P<fore_name>.+?) (?P<last_name>(?:[a-z\u00df-\u00ff'\u2019]+ )*\S+)")
COLLECTIVE = re.compile(
    r"\b(?:Group|Consortium|Society|Network|Investigators|Collaborat\w+|Team|Committee|Initiative|Association"
    r"|Organi[sz]ation|Cent(?:ers?|res?)|Foundation|Institute|Project|Program(?:me)?)\b"
)

# Values by the name of their column; columns that a page cannot tell are left out.
Row = Mapping[str, object]


def make_seed_tables(page: SeedPage, *, run_id: str, delivered: Container[int]) -> dict[str, pa.Table]:
    """The rows of a page.

    Args:
        page: The page.
        run_id: The run that writes them.
        delivered: PMIDs whose citation has come from Entrez or a file; these get no citation from the page.

    Returns:
        By table name: seed_document (one row), seed_citation, seed_citation_flag and seed_term (in the page's order);
        link, without the page's own PMID and with the first of two entries that name one PMID, link_order being the
        entry's position in its list; link_list, one row for each list that the page has a heading for, also an empty
        one; the tables of `CITATION_TABLES` for every PMID on the page that is not in `delivered`, the page's own
        first.
        A table without rows is present and empty.
    """
    sources = find_sources(page, delivered)
    links = list(make_links(page))
    tables: dict[Table, Iterable[Row]] = {
        SEED_DOCUMENT: [vars(page) | {"is_removed": False, "run_id": run_id}],
        SEED_CITATION: [make_seed_citation(page, entry) for entry in page.entries],
        SEED_CITATION_FLAG: [flag for entry in page.entries for flag in make_flags(page, entry)],
        SEED_TERM: [
            {"seed_id": page.seed_id, "section_name": name, "term_order": order, "term": term}
            for name, order, term in page.terms
        ],
        LINK_LIST: [{**row, "run_id": run_id} for row in make_link_lists(page, links)],
        LINK: links,
        CITATION: [make_citation(page, source) | {"pmid": pmid, "run_id": run_id} for pmid, source in sources.items()],
        PUBLICATION_TYPE: [
            {"pmid": pmid} | type_row
            for pmid, source in sources.items()
            for type_row in ordered("publication_type", types_of(source))
        ],
    }
    tables |= make_parts(page) if page.pmid in sources else dict.fromkeys(CITATION_TABLES[2:], ())
    return {
        table.name: table.to_arrow(
            [tuple(({"pmid": page.pmid} | {**r}).get(c) for c in table.column_names) for r in rows]
        )
        for table, rows in tables.items()
    }


def find_sources(page: SeedPage, delivered: Container[int]) -> dict[int, SeedPage | SeedEntry]:
    """What says most of each PMID that was not delivered: the page itself, or else its first entry."""
    sources: dict[int, SeedPage | SeedEntry] = {}
    both: tuple[SeedPage | SeedEntry, ...] = (page, *page.entries)
    for source in both:
        if source.pmid is not None and source.pmid not in delivered:
            sources.setdefault(source.pmid, source)
    return sources


def ordered(name: str, values: Iterable[object], order: str | None = None) -> list[dict[str, object]]:
    """A row for each of some values, with its position from 1."""
    return [{f"{order or name}_order": n, name: value} for n, value in enumerate(values, 1)]


def link_kind(list_name: str) -> str:
    """The kind of link that a list's entries are: similar, comment_in ...; '' for a list of another kind."""
    return list_name if list_name in LINK_KINDS else "_".join(list_name.lower().split()) if is_tie(list_name) else ""


def is_tie(list_name: str) -> bool:
    """Whether a list is of comments and corrections."""
    return list_name.lower() in TIES


def make_seed_citation(page: SeedPage, entry: SeedEntry) -> Row:
    """The row of seed_citation of an entry."""
    resolution = None if entry.pmid is None else entry.resolution or "text"
    return vars(entry) | {"seed_id": page.seed_id, "resolution": resolution}


def make_flags(page: SeedPage, entry: SeedEntry) -> Iterator[Row]:
    """The rows of seed_citation_flag of an entry, in the order in which the phrases stand there."""
    place = {"seed_id": page.seed_id, "list_name": entry.list_name, "citation_order": entry.citation_order}
    phrases: list[str] = sorted(entry.flags + entry.publication_types, key=entry.citation_text.rfind)
    for flag, phrase in zip(ordered("flag", phrases), phrases, strict=True):
        yield place | flag | {"flag_kind": "publication_type" if is_publication_type(phrase) else "flag"}


def make_links(page: SeedPage) -> Iterator[Row]:
    """The rows of link: entries with a PMID, each PMID once in a list, never the page's own."""
    seen: set[tuple[str, int | None]] = set()
    for entry in page.entries:
        kind = link_kind(entry.list_name)
        if kind and page.pmid is not None and entry.pmid not in (None, page.pmid) and (kind, entry.pmid) not in seen:
            seen.add((kind, entry.pmid))
            order = {"link_order": entry.citation_order}
            yield {"link_kind": kind, "linked_pmid": entry.pmid, "source": "seed"} | order


def make_link_lists(page: SeedPage, links: Sequence[Row]) -> Iterator[Row]:
    """The rows of link_list: one for each list that the page has a heading for."""
    for kind in dict.fromkeys(map(link_kind, page.list_names)):
        if kind and page.pmid is not None:
            count = sum(link["link_kind"] == kind for link in links)
            yield {"link_kind": kind, "source": "seed", "link_count": count}


def types_of(source: SeedPage | SeedEntry) -> tuple[str, ...]:
    """Publication types, in order, without repeats."""
    if isinstance(source, SeedEntry):
        return source.publication_types
    return tuple(dict.fromkeys(source.section("publication_type")))


def make_citation(page: SeedPage, source: SeedPage | SeedEntry) -> dict[str, object]:
    """A row of citation, of the page itself or of an entry."""
    if isinstance(source, SeedEntry):
        text, is_withdrawn, more = source.citation_text, is_retracted(source.flags + source.publication_types), {}
    else:
        ties = [(entry.list_name, entry.citation_text) for entry in page.entries if is_tie(entry.list_name)]
        told = (page.pmid, page.title, page.doi, page.pmc_id, page.abstract, *page.terms, *ties)
        text = "\0".join(map(str, told))
        said = is_retracted((*types_of(page), *page.section("header")))
        is_withdrawn = said or any(list_name.lower() in RETRACTING for list_name, _ in ties)
        more = {name: "\n".join(page.section(name)) or None for name in ("copyright_information", "coi_statement")}
    return {
        **vars(source),
        "pmid_version": 1,
        "record_kind": "seed",
        "source": "seed",
        "article_title": source.title,
        "medline_ta": source.journal,
        "medline_pgn": source.pages,
        "is_retracted": is_withdrawn,
        "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
        **split_date(source.pub_date),
        **more,
    }


def split_date(pub_date: str | None) -> dict[str, object]:
    """The columns of citation that hold a date: its parts verbatim, or medline_date if it has none."""
    match = re.fullmatch(r"([0-9]{4})(?: ([A-Z][a-z]{2})(?: ([0-9]{1,2}))?)?", pub_date or "")
    if match is None or (match[2] and match[2].lower() not in MONTHS):
        return {"medline_date": pub_date, "pub_date": None}
    year, month, day = match.groups()
    whole = to_date(year, month, day)
    return {"pub_date_year": year, "pub_date_month": month, "pub_date_day": day, "pub_date": whole}


def make_parts(page: SeedPage) -> dict[Table, Iterable[Row]]:
    """The rows of the page's own citation in the tables of its parts."""
    people, affiliations = make_people(page)
    ties = [entry for entry in page.entries if is_tie(entry.list_name)]
    return {
        AUTHOR: people,
        AFFILIATION: affiliations,
        ABSTRACT_SECTION: make_sections(page),
        MESH_HEADING: make_headings(page),
        SUBSTANCE: ordered("substance_name", page.section("substance"), "substance"),
        SUPPLEMENTARY_MESH: ordered("supplementary_name", page.section("supplementary_concept"), "supplementary"),
        KEYWORD: [{"keyword_list_order": 1} | word for word in ordered("keyword", page.section("keyword"))],
        COMMENT_CORRECTION: [
            tie | {"ref_type": entry.list_name.title().replace(" ", ""), "related_pmid": entry.pmid}
            for entry, tie in zip(ties, ordered("ref_source", (e.citation_text for e in ties), "comment"), strict=True)
        ],
    }


def make_people(page: SeedPage) -> tuple[list[Row], list[Row]]:
    """The rows of author and affiliation.

    An author's affiliations are those whose numbers follow the name; without numbers they are the whole article's,
    author_order 0.
    """
    people: list[Row] = []
    affiliations: list[Row] = []
    texts = read_affiliations(page)
    used: set[str] = set()
    pieces = re.split(r",\s*|;\s*", (page.authors or "").removesuffix("."))
    persons = [person for piece in pieces if (person := PERSON.fullmatch(piece.strip())) and person["name"] != "et al"]
    # A list has one form; if that is initials, a name without them is not a person.
    have_initials = sum(bool(INITIALS.fullmatch(person["name"])) for person in persons) * 2 > len(persons)
    for person in persons:
        is_person = not COLLECTIVE.search(person["name"])
        name = (INITIALS if have_initials else FULL).fullmatch(person["name"]) if is_person else None
        parts = name.groupdict() if name else {"collective_name": person["name"]}
        order = {"author_order": len(people) + 1}
        people.append(order | {"list_order": 1, "list_path": "Article", "suffix": person["suffix"]} | parts)
        numbers = [number for number in re.findall("[0-9]+", person["signs"]) if number in texts]
        used.update(numbers)
        affiliations += [order | one for one in ordered("affiliation", map(texts.__getitem__, numbers))]
    whole = [text for number, text in texts.items() if number not in used]
    return people, affiliations + [{"author_order": 0} | one for one in ordered("affiliation", whole)]


def read_affiliations(page: SeedPage) -> dict[str, str]:
    """The page's affiliations by their number, or by themselves if they have none."""
    texts: dict[str, str] = {}
    for text in page.section("affiliation"):
        found = re.match(r"\(?([0-9]+)\)?\s*(?=\D)", text)
        texts[found[1] if found else text] = text[found.end() :] if found else text
    return texts


def make_sections(page: SeedPage) -> Iterator[Row]:
    """The sections of the abstract; what stands before the first colon is a label if most paragraphs have one."""
    paragraphs = page.abstract.split("\n") if page.abstract else []
    labels = [LABEL.match(text) for text in paragraphs]
    has_labels = len(paragraphs) > 1 and sum(label is not None for label in labels) * 2 > len(paragraphs)
    for section, text, label in zip(ordered("section", paragraphs), paragraphs, labels, strict=True):
        name = label[0].removesuffix(":") if label and has_labels else None
        place = {"abstract_kind": "main", "language": "", "abstract_order": 0}
        yield section | place | {"label": name, "section_text": text[len(name) + 1 :].strip() if name else text}


def make_headings(page: SeedPage) -> Iterator[Row]:
    """The MeSH headings, `Depression / drug therapy*`; consecutive ones of one descriptor are one heading."""
    heading, qualifier, before = 0, 0, ""
    for text in page.section("mesh_term"):
        descriptor, _, name = text.removesuffix("*").partition(" / ")
        is_next = not (name and qualifier and descriptor == before)
        heading, qualifier, before = heading + is_next, 1 if is_next else qualifier + 1, descriptor if name else ""
        row: Row = {"heading_order": heading, "qualifier_order": qualifier, "descriptor_name": descriptor}
        major = {"is_qualifier_major" if name else "is_descriptor_major": text.endswith("*")}
        yield row | major | {"qualifier_name": name, "qualifier_ui": None if name else ""}  # type: ignore[operator]
