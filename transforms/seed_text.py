"""A PubMed page saved as text: its own PMID, which entries stand in which list, and what it says of itself.

The reader relies on what no extraction of a page changes: `PMID: n`, headings, and the order of what is below them.
The page's title is taken only where its place is certain, otherwise it is None; what Entrez can say is left to Entrez.
Each entry keeps its text, and the whole text is always kept.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from transforms.seed_entry import (
    DATE,
    NAME_WORD,
    PARTICLE,
    PUBMED_URL,
    UPPER,
    Cited,
    Parts,
    SeedEntry,
    clean_id,
    parse_entry,
    take_details,
)
from transforms.seed_lines import (
    MIN_WRAP_WIDTH,
    Line,
    Section,
    group_entries,
    heading_key,
    is_ignored,
    page_width,
    read_lines,
    read_sections,
    strip_bullet,
    unwrap,
)
from transforms.seed_phrases import PUBLICATION_TYPES, are_known_phrases, is_publication_type, split_phrases
from transforms.values import to_pmid
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
IDENTIFIER = re.compile(
    r"(?P<name>PMID|PMCID|DOI|Bookshelf ID)\s*:\s*(?:https?://(?:dx\.)?doi\.org/)?(?P<value>[0-9]+(?=DOI|PMC|Bookshelf)|\S+)"
    r"[\s;,|]*(?:\[Indexed for MEDLINE\]\s*)?",
    re.IGNORECASE,
)
# Journal and date of the page's own citation: a line `. 2014 Nov;264:S55-65. doi: 10.1/x.`, or with the journal first.
CITATION_LINE = re.compile(rf"(?P<journal>[^.]{{0,150}}?)(?:\s?\[Preprint\])?\.?\s?(?P<details>{DATE}[;:.].*)")
BOOK_DATE = re.compile(rf"{DATE}(?:[;:]|(?: \[updated [^\]]+\])?\.$)")
GOES_ON = re.compile(
    r"(?:doi|pii): ?\S|(?:Epub|Print|eCollection) (?:19|20)[0-9]{2}|Online ahead of print|10\.[0-9]{4,9}/"
)
# Numbers and signs of affiliations behind a name, and a line of names: with two of them, such a sign, or initials.
SIGNS = r"(?:[\s(]*(?:[0-9\u00b9\u00b2\u00b3\u2070-\u2079]+\)?|[*#\u2020\u2021\u00a7\u00b6^]))*"
NAME = rf"(?:{NAME_WORD}\.?(?: {NAME_WORD}\.?){{0,6}})"
NAMES = re.compile(
    rf"{NAME}{SIGNS}(?:, {NAME}{SIGNS})+(?:; [^.;]+)*(?:,|, et al\.?|\.)?|{NAME}(?: [0-9]+|[*#^])+[,.]?"
    rf"|(?:{NAME_WORD} ){{1,3}}{UPPER}{{1,4}}[,.]?"
)
# How a line ends that breaks within a name, and how the next one begins, which continues it.
CUT_NAME = re.compile(rf"(?:[,-]| {PARTICLE})$")
REST_OF_NAME = re.compile(rf"(?:{UPPER}{{1,4}}|[0-9]{{1,2}})(?:,|$)")
FIRST_NAME = re.compile(rf"{NAME}{SIGNS}(?:[,;]|\.?$)")
TITLE_HEADING = re.compile(r"# (?:Title:\s*)?(.+?)(?: [-|\u2013] PubMed)?|(.+) - PubMed")
ENDS_TITLE = re.compile(rf"(?:{NAMES.pattern})$|# |\W*PMID")
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
            read_header(own, terms, [line for line in section.lines if not is_identifier(line.text)], title)
        elif section.name == "abstract":
            abstract += read_abstract(terms, section, width)
        elif not section.is_list:
            for term in map(strip_bullet, unwrap(section.lines, width)):
                if not (is_ignored(term) or is_identifier(term) or same_title(term, title)):
                    terms += split_term(section.name, term)
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


def same_title(text: str, title: str | None) -> bool:
    """Whether a line is the title, with or without its full stop."""
    return title is not None and text.rstrip(".") == title.rstrip(".")


def is_identifier(text: str) -> bool:
    """Whether a line holds identifiers of the page and nothing else."""
    text = strip_bullet(text)
    return bool(IDENTIFIER.match(text)) and not IDENTIFIER.sub("", text).strip()


def find_own(sections: Sequence[Section], file_name: str) -> tuple[Parts, list[Section]]:
    """The page's own identifiers, and the sections that hold its title: those above the one with the PMID, and it.

    A PMID within a line counts if no line begins with one.

    Raises:
        SeedError: The page has no PMID of its own, two different ones, or one that is not a number.
    """
    own = Parts()
    outside = [section for section in sections if not section.is_list]
    end = -1
    for place, section in enumerate(outside):
        for line in section.lines:
            for match in IDENTIFIER.finditer(line.text) if is_identifier(line.text) else ():
                name, value = match["name"].lower(), clean_id(match["value"])
                if name == "pmid":
                    check_pmid(own, value, f"{file_name}, line {line.number}")
                    end = place if end < 0 else end
                if name == "bookshelf id":
                    own.phrases.append(match[0].strip())
                else:
                    own.add(**{"pmc_id" if name == "pmcid" else name: value})
    if end < 0:
        top = "\n".join(line.text for section in outside if section.name != "abstract" for line in section.lines)
        inline = re.search(r"\bPMID\s*:?\s*0*([1-9][0-9]{0,8})\b", top) or PUBMED_URL.search(top)
        if inline is None:
            last = max(n for section in sections for n in (1, section.number, *(line.number for line in section.lines)))
            raise SeedError(
                f"{file_name}, line {last}: the text ends without a line such as `PMID: 25217177`; save a PubMed page "
                "with its PMID, or write PMIDs into a *.pmids file, one a line."
            )
        own.add(pmid=inline[1])
        end = 0
    around = [s for s in outside[: end + 1] if s.name not in ("abstract", "front_matter", "affiliation")]
    is_citation_in = {id(s) for s in around if any(is_citation(line.text) for line in s.lines)}
    return own, [s for s in around if not s.heading or s is outside[end] or id(s) in is_citation_in]


def check_pmid(own: Parts, value: str, where: str) -> None:
    """Check that a value is the page's PMID.

    Raises:
        SeedError: It is not a number, or not the one found before.
    """
    pmid = to_pmid(value)
    if pmid is None:
        raise SeedError(f"{where}: {value[:40]!r} is not a PMID; write the page's number.")
    if to_pmid(own.values.get("pmid", value)) != pmid:
        raise SeedError(
            f"{where}: the page has a second PMID of its own, {pmid} after {own.values['pmid']}; "
            "put each page into a file of its own."
        )


def find_title(lines: Sequence[Line], header: Sequence[Line], width: int) -> str | None:
    """The page's title, if its place is certain; otherwise None.

    It is the line above the identifiers that is repeated below them; or the page's first heading in Markdown; or what
    stands before ` - PubMed` on the first line; or what lies between the page's own citation and its authors or a
    blank line.
    """
    texts = unwrap(header, width)
    place = next((index for index, text in enumerate(texts) if IDENTIFIER.match(strip_bullet(text))), 0)
    above = texts[place - 1].removeprefix("# ") if place else ""
    if " " in above and not is_ignored(above) and not is_citation(above):
        others = (t for t in texts if not (is_ignored(t) or is_identifier(t) or t == texts[place - 1]))
        below = (t for t in texts[place:] if not IDENTIFIER.match(strip_bullet(t)) and not t[:1].isdigit())
        if same_title(next(below, ""), above) or not any(others):
            return above
    for index, line in enumerate(lines[:40]):
        found = None if is_ignored(line.text) else TITLE_HEADING.fullmatch(line.text)
        if found and heading_key(found[0]) not in ("pubmed", "abstract") and (found[1] or index < 3):
            # Some programs wrap headings too.
            rest = takewhile(lambda one: not (one.after_blank or ENDS_TITLE.match(one.text)), lines[index + 1 :])
            return " ".join([found[1] or found[2], *(one.text for one in rest if len(found[1] or "") > MIN_WRAP_WIDTH)])
    return find_title_below(header)


def find_title_below(header: Sequence[Line]) -> str | None:
    """The title below the page's citation: one line, or several up to a line of authors or a blank one."""
    places = [index for index, line in enumerate(header) if is_citation(line.text)]
    rest = list(header[places[0] + 1 :]) if places else []
    while rest and (GOES_ON.match(rest[0].text) or rest[0].text == "." or is_ignored(rest[0].text)):
        rest.pop(0)
    title: list[str] = []
    for line in rest:
        is_end = is_identifier(line.text) or is_ignored(line.text) or line.text.startswith("[Article in ")
        if title and (line.after_blank or (is_end and len(title) == 1)):
            return " ".join(title) if is_end or FIRST_NAME.match(line.text) else None
        if title and NAMES.fullmatch(line.text):
            # Words in capitals on the second line of a title look like names, but have neither numbers nor initials.
            return " ".join(title) if re.search(r"[0-9*#^]|\b[A-Z]{1,3}\b", line.text) else None
        if is_end or NAMES.fullmatch(line.text) or are_known_phrases(line.text):
            return None
        title.append(line.text)
    return title[0] if len(title) == 1 else None


def is_citation(text: str) -> bool:
    """Whether a line is the page's own citation: `. 2014 Nov;264:S55-65.` or `J Med. 2014;1:2.`"""
    match = CITATION_LINE.fullmatch(text)
    return match is not None and (text.startswith((".", "[Preprint]")) or bool(BOOK_DATE.match(match["details"])))


def read_header(own: Parts, terms: list[tuple[str, str]], lines: Sequence[Line], title: str | None) -> None:
    """Journal, date, authors and phrases of the lines around the title; the others are terms of section header."""
    is_after_title = False
    for index, line in enumerate(lines):
        text = re.sub(r"^# (?:Title:\s*)?", "", strip_bullet(line.text)).removesuffix(" - PubMed")
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        part = text.rstrip(".")
        if title and part and (title.startswith(part) or title.endswith(part)):
            is_after_title = True
        elif is_ignored(text) or text == ".":
            continue
        elif are_known_phrases(text):
            terms += [("publication_type" if is_publication_type(p) else "header", p) for p in split_phrases(text)]
        elif is_citation(text) and (citation := CITATION_LINE.fullmatch(text)):
            own.add(journal=citation["journal"])
            terms += [("publication_type", "Preprint")] if "[Preprint]" in text else []
            take_details(own, citation["details"])
        elif following == "." or (is_citation(following) and following.startswith((".", "[Preprint]"))):
            kind = next((kind for kind in PUBLICATION_TYPES if text.startswith(f"{kind} ")), "")
            terms += [("publication_type", kind)] if kind else []
            own.add(journal=text.removeprefix(kind))
        elif GOES_ON.match(text):
            take_details(own, text)
            # The two DOIs of a page sometimes differ; the one of the line `DOI:` is the page's, the other is kept too.
            terms += [("header", text)] if (own.values.get("doi") or "") not in text else []
        elif is_after_title and "authors" not in own.values and (names := find_names(lines[index:])):
            own.add(authors=names)
        elif text not in own.values.get("authors", ""):
            terms.append(("header", text))
        terms += [("header", phrase) for phrase in own.phrases]
        own.phrases.clear()


def find_names(lines: Sequence[Line]) -> str | None:
    """The names at the beginning of lines: those of the first, or of as many as one wrapped list covers."""
    texts: list[str] = []
    for line in lines:
        # A line was wrapped if it is long, or ends within its list or within a name.
        was_wrapped = not texts or len(texts[-1]) > MIN_WRAP_WIDTH or CUT_NAME.search(texts[-1])
        if (texts and line.after_blank) or is_ignored(line.text) or not (was_wrapped or REST_OF_NAME.match(line.text)):
            break
        texts.append(line.text)
    joined = (" ".join(texts[:count]).replace("- ", "-") for count in range(len(texts), 0, -1))
    return next((names for names in joined if NAMES.fullmatch(names)), None)


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
