"""A PubMed page saved as text, read into rows.

The page's own fields stand outside its lists: title, `PMID:`, `DOI:`, `PMCID:`, authors and citation, abstract. Its
lists of citations (similar articles, cited by, references, comments ...) become entries, the lines of its other
sections terms. Every line that is not blank is in one of these, or is a heading, or a button that
`seed_lines.is_ignored` names; the whole text is kept in any case. Nothing is invented: what cannot be told is None.
"""

import hashlib
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from transforms.seed_entry import SeedEntry, parse_entry
from transforms.seed_lines import group_entries, page_width, read_lines, read_sections, unwrap
from transforms.seed_own import OwnPart, read_own_part
from transforms.seed_phrases import is_publication_type, is_retracted
from transforms.values import MONTHS, to_date
from warehouse.errors import SeedError
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import Table
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.publication import PUBLICATION_TYPE
from warehouse.schema.seeds import SEED_CITATION, SEED_CITATION_FLAG, SEED_DOCUMENT, SEED_TERM

__all__ = ["SeedEntry", "SeedPage", "make_seed_tables", "parse_seed_document"]

LINK_KINDS = ("similar", "cited_by", "reference")


@dataclass(frozen=True)
class SeedPage:
    """A seed page, taken apart.

    Attributes:
        seed_id: Name of the file without its ending.
        file_name: Name of the file.
        pmid: The page's own PMID; None for a file of references, whose entries are seeds themselves (list `seed`).
        title: As the page shows it, which is without a full stop at its end; None for such a file.
        doi, pmc_id: None where the page gives none.
        abstract: Paragraphs one a line, labels as they stand; None where the page has no abstract.
        seed_text: The file, decoded and otherwise as it is.
        seed_sha256: SHA-256, hex, of its bytes.
        entries: Of all lists, in the page's order.
        terms: (section_name, term_order, term) of the other sections, in the page's order.
        list_names: Lists that the page has a heading for, once each, with or without entries.
        authors, journal, pub_date, pub_year, volume, issue, pages, pii, epub_date: Of the page's own citation, as in
            SeedEntry; None where the page does not show them.
        resolution_asked_at: When Entrez was last asked for the PMIDs of entries that give none, UTC; None if it never
            was, or every entry gives its PMID.
    """

    seed_id: str
    file_name: str
    pmid: int | None
    title: str | None
    doi: str | None
    pmc_id: str | None
    abstract: str | None
    seed_text: str
    seed_sha256: str
    entries: tuple[SeedEntry, ...]
    terms: tuple[tuple[str, int, str], ...]
    list_names: tuple[str, ...] = ()
    authors: str | None = None
    journal: str | None = None
    pub_date: str | None = None
    pub_year: int | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    pii: str | None = None
    epub_date: str | None = None
    resolution_asked_at: datetime | None = None

    @property
    def publication_types(self) -> tuple[str, ...]:
        """The page's own publication types, in order, without repeats."""
        return tuple(dict.fromkeys(term for name, _, term in self.terms if name == "publication_type"))


def parse_seed_document(text: bytes, *, seed_id: str, file_name: str) -> SeedPage:
    """Read a page.

    Args:
        text: The file's bytes: UTF-8 with or without byte order mark, any line ends.
        seed_id: Name of the file without its ending.
        file_name: Name of the file, for messages.

    Raises:
        SeedError: The text is not that of a PubMed page; one sentence with the file, the line and what to do.
    """
    decoded = decode_page(text, file_name)
    lines = read_lines(decoded)
    width = page_width(lines)
    sections = read_sections(lines)
    own = read_own_part(sections, width, file_name)
    lists = [
        (group.heading or section.name, unwrap(group.lines, width))
        for section in sections
        if section.is_list
        for group in group_entries(section, width)
    ]
    entries = parse_entries(lists, has_authors=False)
    if any(entry.authors for entry in entries):
        entries = parse_entries(lists, has_authors=True)
    values = own.parts.values
    pub_date = values.get("pub_date")
    return SeedPage(
        seed_id=seed_id,
        file_name=file_name,
        pmid=own.pmid,
        title=own.title,
        doi=values.get("doi"),
        pmc_id=values.get("pmc_id"),
        abstract=own.abstract,
        seed_text=decoded,
        seed_sha256=hashlib.sha256(text).hexdigest(),
        entries=entries,
        terms=number_terms(own),
        list_names=tuple(dict.fromkeys(section.name for section in sections if section.is_list)),
        authors=values.get("authors"),
        journal=values.get("journal"),
        pub_date=pub_date,
        pub_year=int(pub_date[:4]) if pub_date else None,
        volume=values.get("volume"),
        issue=values.get("issue"),
        pages=values.get("pages"),
        pii=values.get("pii"),
        epub_date=values.get("epub_date"),
    )


def decode_page(text: bytes, file_name: str) -> str:
    """The text of a file.

    Raises:
        SeedError: It is empty, binary, HTML, MEDLINE format, or not UTF-8.
    """
    what_to_do = "save the PubMed page as plain text in UTF-8"
    if not text.strip():
        raise SeedError(f"{file_name}, line 1: the file is empty; {what_to_do}, or remove the file.")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SeedError(f"{file_name}, line 1: it is UTF-16; save it as UTF-8.")
    if b"\0" in text:
        line = text[: text.index(b"\0")].count(b"\n") + 1
        raise SeedError(f"{file_name}, line {line}: the file is binary; {what_to_do}.")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml)", text, re.IGNORECASE):
        raise SeedError(f"{file_name}, line 1: it is HTML or XML; {what_to_do} (records in XML go to `corpus ingest`).")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*PMID- *[0-9]", text):
        raise SeedError(
            f"{file_name}, line 1: it is in MEDLINE format; write its PMIDs into a *.pmids file, one a line."
        )
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = text[: exc.start].count(b"\n") + 1
        raise SeedError(f"{file_name}, line {line}: it is not UTF-8; save it as UTF-8.") from exc


def parse_entries(lists: Iterable[tuple[str, list[str]]], *, has_authors: bool) -> tuple[SeedEntry, ...]:
    """The entries of all lists, each list counted from 1 over all of its sections."""
    entries = []
    counts: dict[str, int] = {}
    for list_name, lines in lists:
        counts[list_name] = counts.get(list_name, 0) + 1
        entries.append(
            parse_entry(lines, list_name=list_name, citation_order=counts[list_name], has_authors=has_authors)
        )
    return tuple(entries)


def number_terms(own: OwnPart) -> tuple[tuple[str, int, str], ...]:
    """The terms with their position in their section, which may stand in several places of the page."""
    counts: dict[str, int] = {}
    terms = []
    for section_name, term in own.terms:
        counts[section_name] = counts.get(section_name, 0) + 1
        terms.append((section_name, counts[section_name], term))
    return tuple(terms)


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
        one; citation and publication_type for every PMID on the page that is not in `delivered`, the page's own first.
        A table without rows is there, and empty.
    """
    links = list(make_links(page))
    citations = {pmid: row for pmid, row in make_citations(page, run_id) if pmid not in delivered}
    types = dict(publication_types(page))
    tables: dict[Table, list[tuple[object, ...]]] = {
        SEED_DOCUMENT: [make_document(page, run_id)],
        SEED_CITATION: [make_seed_citation(page, entry) for entry in page.entries],
        SEED_CITATION_FLAG: [row for entry in page.entries for row in make_flags(page, entry)],
        SEED_TERM: [(page.seed_id, *term) for term in page.terms],
        LINK_LIST: [
            (page.pmid, kind, "seed", sum(link[1] == kind for link in links), run_id, None)
            for kind in LINK_KINDS
            if kind in page.list_names and page.pmid is not None
        ],
        LINK: links,
        CITATION: list(citations.values()),
        PUBLICATION_TYPE: [
            (pmid, order, None, name) for pmid in citations for order, name in enumerate(types[pmid], 1)
        ],
    }
    return {table.name: table.to_arrow(rows) for table, rows in tables.items()}


def make_document(page: SeedPage, run_id: str) -> tuple[object, ...]:
    """The row of seed_document."""
    values = vars(page) | {"is_removed": False, "run_id": run_id}
    return tuple(values[name] for name in SEED_DOCUMENT.column_names)


def make_seed_citation(page: SeedPage, entry: SeedEntry) -> tuple[object, ...]:
    """The row of seed_citation of an entry."""
    resolution = None if entry.pmid is None else entry.resolution or "text"
    values = vars(entry) | {"seed_id": page.seed_id, "resolution": resolution}
    return tuple(values[name] for name in SEED_CITATION.column_names)


def make_flags(page: SeedPage, entry: SeedEntry) -> Iterator[tuple[object, ...]]:
    """The rows of seed_citation_flag of an entry, in the order in which the phrases stand there."""
    phrases = sorted(entry.flags + entry.publication_types, key=entry.citation_text.rfind)
    for order, phrase in enumerate(phrases, 1):
        kind = "publication_type" if is_publication_type(phrase) else "flag"
        yield page.seed_id, entry.list_name, entry.citation_order, order, kind, phrase


def make_links(page: SeedPage) -> Iterator[tuple[object, ...]]:
    """The rows of link: entries with a PMID, each PMID once in a list, never the page's own."""
    seen: set[tuple[str, int]] = set()
    for entry in page.entries:
        if page.pmid is None or entry.pmid in (None, page.pmid) or entry.list_name not in LINK_KINDS:
            continue
        if entry.pmid is not None and (entry.list_name, entry.pmid) not in seen:
            seen.add((entry.list_name, entry.pmid))
            yield page.pmid, entry.list_name, entry.pmid, "seed", entry.citation_order, None


def make_citations(page: SeedPage, run_id: str) -> Iterator[tuple[int, tuple[object, ...]]]:
    """PMID and row of citation for the page itself and for each other PMID of its entries, once."""
    own_text = "\0".join(str(v) for v in (page.pmid, page.title, page.doi, page.pmc_id, page.abstract, *page.terms))
    retracted = page.publication_types + tuple(term for name, _, term in page.terms if name == "header")
    seen: set[int] = set()
    if page.pmid is not None:
        seen.add(page.pmid)
        yield (
            page.pmid,
            make_citation(
                page,
                run_id,
                own_text,
                is_withdrawn=is_retracted(retracted),
                abstract=page.abstract,
                copyright_information=join_terms(page, "copyright_information"),
                coi_statement=join_terms(page, "coi_statement"),
            ),
        )
    for entry in page.entries:
        if entry.pmid is not None and entry.pmid not in seen:
            seen.add(entry.pmid)
            is_withdrawn = is_retracted(entry.flags + entry.publication_types)
            yield entry.pmid, make_citation(entry, run_id, entry.citation_text, is_withdrawn=is_withdrawn)


def make_citation(
    of: SeedPage | SeedEntry, run_id: str, text: str, *, is_withdrawn: bool, **more: object
) -> tuple[object, ...]:
    """A row of citation; columns that a page cannot tell are None."""
    values = {
        "pmid": of.pmid,
        "pmid_version": 1,
        "record_kind": "seed",
        "source": "seed",
        "article_title": of.title,
        "medline_ta": of.journal,
        "volume": of.volume,
        "issue": of.issue,
        "pub_year": of.pub_year,
        "medline_pgn": of.pages,
        "doi": of.doi,
        "pmc_id": of.pmc_id,
        "pii": of.pii,
        "is_retracted": is_withdrawn,
        "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "run_id": run_id,
        **split_date(of.pub_date),
        **more,
    }
    return tuple(values.get(name) for name in CITATION.column_names)


def split_date(pub_date: str | None) -> dict[str, object]:
    """The columns of citation that hold a date: its parts verbatim, or medline_date where it is in no parts."""
    if pub_date is None:
        return {}
    match = re.fullmatch(r"([0-9]{4})(?: ([A-Z][a-z]{2})(?: ([0-9]{1,2}))?)?", pub_date)
    if match is None or (match[2] and match[2].lower() not in MONTHS):
        return {"medline_date": pub_date}
    year, month, day = match.groups()
    whole = to_date(year, month, day)
    return {"pub_date_year": year, "pub_date_month": month, "pub_date_day": day, "pub_date": whole}


def join_terms(page: SeedPage, section_name: str) -> str | None:
    """The lines of a section in one text; None where there are none."""
    return "\n".join(term for name, _, term in page.terms if name == section_name) or None


def publication_types(page: SeedPage) -> Iterator[tuple[int, tuple[str, ...]]]:
    """PMID and publication types, later entries first, so that in a dict the first one and the page itself win."""
    for entry in reversed(page.entries):
        if entry.pmid is not None:
            yield entry.pmid, entry.publication_types
    if page.pmid is not None:
        yield page.pmid, page.publication_types
