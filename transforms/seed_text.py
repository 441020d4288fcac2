"""A PubMed page saved as text: its own PMID, which entries stand in which list, and what it says of itself.

The reader relies on what no extraction of a page changes: `PMID: n`, headings, and the order of what is below them.
Each entry keeps its text, and the whole text is always kept.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from transforms.seed_entry import Cited, SeedEntry, parse_entry
from transforms.seed_header import find_own, find_title, is_identifier, read_header, same_title
from transforms.seed_lines import (
    Section,
    group_entries,
    is_ignored,
    page_width,
    read_lines,
    read_sections,
    strip_bullet,
    unwrap,
)
from warehouse.errors import SeedError

LINK_KINDS = ("similar", "cited_by", "reference")

# What is not a page: how its bytes look, and what the error says.
NO_PAGE = (
    (rb"\A\s*\Z", "the file is empty; save the PubMed page as plain text in UTF-8, or remove the file"),
    (rb"\A(?:\xff\xfe|\xfe\xff)", "it is UTF-16; save it as UTF-8"),
    (rb"\0", "the file is binary; save the PubMed page as plain text in UTF-8"),
    (
        rb"(?i)\A(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml)",
        "it is HTML or XML; name it *.html (records in XML go to `corpus ingest`)",
    ),
)
COPYRIGHT = re.compile(r"(?:copyright\b|\u00a9|\(c\) ?(?:19|20)[0-9]{2}|published by)", re.IGNORECASE)
NAMED = re.compile(r"(?P<name>key ?words?|conflicts? of interest(?: statement)?)\s*:\s*(?P<rest>.+)", re.IGNORECASE)
ABOUT_ABSTRACT = re.compile(
    r"\[?no abstract (?:is )?available\.?\]?\.?|in [A-Z][a-z]+(?: ?, ?[A-Z][a-z]+)*", re.IGNORECASE
)
LABEL = re.compile(r"[^\W\d_][^.:;]{1,60}:")


@dataclass(frozen=True, kw_only=True)
class SeedPage(Cited):
    """A seed page, parsed; its PMID is None for a file of references, whose entries are seeds (list `seed`).

    Attributes:
        seed_id: Name of the file without its ending.
        file_name: Name of the file.
        abstract: Paragraphs one a line, labels as they stand; None if the page has no abstract.
        seed_text: The file, decoded and otherwise as it is.
        seed_sha256: SHA-256, hex, of its bytes.
        entries: Of all lists, in the page's order.
        terms: (section_name, term_order, term) of the other sections, in the page's order.
        list_names: Lists that the page has a heading for, once each, with or without entries.
        resolution_asked_at: When Entrez was last asked for the PMIDs of entries that give none, UTC; None if it never
            was, or every entry gives its PMID.
    """

    seed_id: str
    file_name: str
    abstract: str | None
    seed_text: str
    seed_sha256: str
    entries: tuple[SeedEntry, ...]
    terms: tuple[tuple[str, int, str], ...]
    list_names: tuple[str, ...] = ()
    resolution_asked_at: datetime | None = None

    def section(self, name: str) -> list[str]:
        """The terms of a section, in order."""
        return [term for section_name, _, term in self.terms if section_name == name]


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
    own, around = find_own(sections, file_name)
    title = find_title(lines, [line for section in around for line in section.lines], width)
    # If a quotation is not closed, part of the title is missing.
    title = None if title and title.count('"') % 2 else title
    terms: list[tuple[str, str]] = []
    abstract: list[str] = []
    for section in sections:
        if section in around:
            read_header(own, terms, section, title)
        elif section.name == "abstract":
            abstract += read_abstract(terms, section, width)
        elif not section.is_list:
            terms += read_terms(section, width, title)
    entries = number(entry for section in sections if section.is_list for entry in group_entries(section, width))
    return SeedPage(
        seed_id=seed_id,
        file_name=file_name,
        abstract="\n".join(abstract) or None,
        seed_text=decoded,
        seed_sha256=hashlib.sha256(text).hexdigest(),
        entries=tuple(parse_entry(entry, list_name=name, citation_order=order) for name, order, entry in entries),
        terms=tuple(number(terms)),
        list_names=tuple(dict.fromkeys(section.name for section in sections if section.is_list)),
        **(own.cited() | {"pmid": int(own.values["pmid"]), "title": title}),  # type: ignore[arg-type]
    )


def decode_page(text: bytes, file_name: str) -> str:
    """The text of a file.

    Raises:
        SeedError: It is empty, binary, HTML, or not UTF-8.
    """
    found = next(((match.start(), what) for form, what in NO_PAGE if (match := re.search(form, text))), None)
    try:
        decoded = text.decode("utf-8") if found is None else ""
    except UnicodeDecodeError as exc:
        found = exc.start, "it is not UTF-8; save it as UTF-8"
    if found:
        line = text.count(b"\n", 0, found[0]) + 1
        raise SeedError(f"{file_name}, line {line}: {found[1]}.")
    return decoded


def read_abstract(terms: list[tuple[str, str]], section: Section, width: int) -> list[str]:
    """The paragraphs of an abstract; keywords, copyright and conflicts of interest among them become terms."""
    paragraphs: list[str] = []
    for text in unwrap(section.lines, width):
        if named := NAMED.fullmatch(text):
            terms += split_term("keyword" if named["name"][0] in "kK" else "coi_statement", named["rest"])
        elif COPYRIGHT.match(text):
            terms.append(("copyright_information", text))
        elif ABOUT_ABSTRACT.fullmatch(text):
            terms.append(("header", text))
        elif paragraphs and LABEL.fullmatch(paragraphs[-1]):
            paragraphs[-1] += f" {text}"
        elif not is_ignored(text) and not is_identifier(text):
            paragraphs.append(text)
    return paragraphs


def read_terms(section: Section, width: int, title: str | None) -> Iterator[tuple[str, str]]:
    """The terms of any other section."""
    for term in map(strip_bullet, unwrap(section.lines, width)):
        if not (is_ignored(term) or is_identifier(term) or same_title(term, title)):
            yield from split_term(section.name, term)


def split_term(name: str, text: str) -> list[tuple[str, str]]:
    """The terms of a line: one of keywords is split at semicolons, or else at commas."""
    parts = text.rstrip(". ").split(";" if ";" in text else ",") if name == "keyword" else [text]
    return [(name, word) for part in parts if (word := part.strip())]


def number(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int, str]]:
    """Names and texts, each with its position among those of its name on the whole page."""
    counts: Counter[str] = Counter()
    for name, text in named:
        counts[name] += 1
        yield name, counts[name], text
