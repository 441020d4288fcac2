"""What a seed page says of its own citation: everything outside its lists of other citations."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.seed_entry import (
    DATE,
    DATED,
    ONLY_AUTHORS,
    STRONG,
    Parts,
    clean_id,
    is_journal,
    parse_details,
    take_ids,
)
from transforms.seed_lines import BULLET, IDENTIFIERS, Line, Section, is_ignored, strip_bullet, unwrap
from transforms.seed_phrases import LANGUAGES, PUBLICATION_TYPES, are_known_phrases, is_publication_type, split_phrases
from transforms.values import to_pmid
from warehouse.errors import SeedError

DATE_LINE = re.compile(rf"(?:\[Preprint\])?\. ?{DATE}[;:.]")
# What the page of a book has in the place of journal and date.
BOOK_LINE = re.compile(r"In: \S.*")
BOOK_DATE = re.compile(rf"\.? ?(?P<date>{DATE})(?P<updated> \[updated [^\]]+\])?\.?")
LANGUAGES_LINE = re.compile(rf"in (?:{'|'.join(sorted(LANGUAGES))})(?: ?, ?(?:{'|'.join(sorted(LANGUAGES))}))*")
NO_ABSTRACT = re.compile(r"\[?no abstract (?:is )?available\.?\]?\.?", re.IGNORECASE)
KEYWORDS = re.compile(r"key ?words?\s*:\s*(?P<rest>.*)", re.IGNORECASE)
COPYRIGHT = re.compile(r"(?:copyright\b|\u00a9|\(c\) ?(?:19|20)[0-9]{2}|published by)", re.IGNORECASE)
COI = re.compile(r"conflicts? of interest(?: statement)?\s*:\s*(?P<rest>.+)", re.IGNORECASE)
LABEL = re.compile(r"[^\W\d_][^.:;]{1,60}:")
CITATION_GOES_ON = re.compile(r"(?:doi|pii): ?\S|(?:Epub|Print|eCollection) (?:19|20)[0-9]{2}|Online ahead of print")
FULL_NAME = re.compile(r"[^\W\d_][\w.'\u2019\u2010-]*(?: [^\W\d_][\w.'\u2019\u2010-]*){1,5}")


@dataclass
class OwnPart:
    """The page's own values and phrases, title, abstract, and the terms of its other sections in order."""

    pmid: int = 0
    pmid_line: int = 0
    title: str = ""
    abstract: str | None = None
    parts: Parts = field(default_factory=Parts)
    terms: list[tuple[str, str]] = field(default_factory=list)


def read_own_part(sections: Sequence[Section], width: int, file_name: str) -> OwnPart:
    """Read everything outside the lists.

    Raises:
        SeedError: The page has no PMID of its own, two different ones, one that is no number, or no title.
    """
    own = OwnPart()
    rest = [
        (section, [line for line in section.lines if not take_identifiers(own, line, file_name)])
        for section in sections
        if not section.is_list
    ]
    if not own.pmid:
        last = max(n for section in sections for n in (1, section.number, *(line.number for line in section.lines)))
        raise SeedError(
            f"{file_name}, line {last}: the text ends without a line such as `PMID: 25217177`; save a PubMed page with "
            "its PMID, or write PMIDs into a *.pmids file, one a line."
        )
    around = max((section.number for section, _ in rest if section.number < own.pmid_line), default=0)
    own.title = find_repeated_title(
        [x for section, lines in rest if section.number in (0, around) for x in lines], width
    )
    header = find_header(rest, own.pmid_line)
    read_header(own, next(lines for section, lines in rest if section.number == header), width)
    paragraphs: list[str] = []
    for section, lines in rest:
        if section.number == header:
            continue
        if not own.title and section.number == around and section.name != "abstract":
            read_header(own, lines, width)
        elif section.name == "abstract":
            paragraphs += read_abstract(own, lines, width)
        else:
            texts = [text for text in unwrap(lines, width) if not is_title(own, text)]
            name = section.name or "header"
            own.terms += [(name, term) for text in texts for term in read_terms(name, text)]
    if not own.title:
        raise SeedError(
            f"{file_name}, line {own.pmid_line}: there is no title with this PMID; save the whole PubMed page, or "
            "write PMIDs into a *.pmids file, one a line."
        )
    # Two DOIs of one page differ now and then; the one of the line `DOI:` is the page's, the other is not thrown away.
    own.terms += [("header", f"{name}: {value}") for name, value in own.parts.others]
    own.abstract = "\n".join(paragraphs) or None
    return own


def find_header(sections: Sequence[tuple[Section, list[Line]]], pmid_line: int) -> int:
    """The number of the section that holds the title: the first, unless the page's navigation stands above the title.

    A page copied from a browser has the title, after the journal and the date, below the navigation's last heading.
    """
    for section, lines in sections:
        is_above = section.number < pmid_line and section.name not in ("abstract", "front_matter")
        if is_above and any(DATE_LINE.match(line.text) or BOOK_LINE.match(line.text) for line in lines):
            return section.number
    return 0


def take_identifiers(own: OwnPart, line: Line, file_name: str) -> bool:
    """Take a line of identifiers, `PMID: 1 PMCID: PMC2 DOI: 10.3/4`; whether it is one.

    Raises:
        SeedError: The PMID is no number, or not the one found before.
    """
    text = strip_bullet(line.text)
    matches = list(IDENTIFIERS.finditer(text))
    if not matches or "".join(match[0] for match in matches) != text:
        return False
    if "[Indexed for MEDLINE]" in text:
        own.terms.append(("header", "[Indexed for MEDLINE]"))
    for match in matches:
        own.parts.add("doi", match["doi"] and clean_id(match["doi"]))
        own.parts.add("pmc_id", match["pmc_id"] and clean_id(match["pmc_id"]))
        if match["bookshelf_id"]:
            own.terms.append(("header", f"Bookshelf ID: {match['bookshelf_id']}"))
        if match["pmid"]:
            text_of_pmid = clean_id(match["pmid"])
            pmid = to_pmid(text_of_pmid)
            if pmid is None:
                raise SeedError(
                    f"{file_name}, line {line.number}: {text_of_pmid[:40]!r} is not a PMID; write the page's number."
                )
            if own.pmid and own.pmid != pmid:
                raise SeedError(
                    f"{file_name}, line {line.number}: the page has a second PMID of its own, {pmid} after "
                    f"{own.pmid} on line {own.pmid_line}; put each page into a file of its own."
                )
            own.pmid, own.pmid_line = pmid, own.pmid_line or line.number
    return True


def read_header(own: OwnPart, lines: Sequence[Line], width: int) -> None:
    """Title, journal, date and authors from the lines above the abstract; the others become terms, section header."""
    texts = [text for text in unwrap(lines, width) if not is_ignored(text)]
    is_after_title = False
    for index, text in enumerate(texts):
        following = texts[index + 1] if index + 1 < len(texts) else ""
        is_own = is_title(own, text)
        if not is_own and not take_header_line(own, text, following, is_after_title=is_after_title):
            if own.title:
                own.terms.append(("header", text))
            else:
                own.title, is_own = re.sub(r"(?i)^(?:#+ )?(?:title\s*:\s*(?=\S))?", "", text), True
        is_after_title = is_own or (is_after_title and is_phrase(text))


def find_repeated_title(lines: Sequence[Line], width: int) -> str:
    """The first of lines around the PMID that comes twice, as the title does on PubMed's pages; '' if none does."""
    texts = [text for text in unwrap(lines, width) if not is_ignored(text)]
    keys = Counter(text.rstrip(".") for text in texts)
    for text in texts:
        if keys[text.rstrip(".")] > 1 and " " in text and not is_phrase(text) and not BULLET.match(text):
            return text
    return ""


def is_title(own: OwnPart, text: str) -> bool:
    """Whether a line is the page's title, with or without its full stop."""
    return bool(own.title) and text.rstrip(".") == own.title.rstrip(".")


def take_header_line(own: OwnPart, text: str, following: str, *, is_after_title: bool) -> bool:
    """Take a line of the header that is a phrase, keywords, the journal, the citation or the authors; whether it is."""
    if text.startswith("[Preprint]. "):
        text = f" {text}"
    dated = DATED.search(text)
    journal = text[: dated.start()] if dated else ""
    if is_phrase(text):
        for phrase in split_phrases(text):
            own.terms.append(("publication_type" if is_publication_type(phrase) else "header", phrase))
    elif keywords := KEYWORDS.fullmatch(text):
        own.terms += [("keyword", word) for word in split_keywords(keywords["rest"])]
    elif CITATION_GOES_ON.match(text):
        take_ids(own.parts, text)
        own.terms += [("header", phrase) for phrase in own.parts.phrases]
        own.parts.phrases.clear()
    elif DATE_LINE.match(following) and is_journal(text):
        kind = next((kind for kind in PUBLICATION_TYPES if text.startswith(f"{kind} ")), "")
        if kind:
            own.terms.append(("publication_type", kind))
        own.parts.add("journal", text.removeprefix(kind).lstrip())
    elif dated and STRONG.match(text, dated.end()) and (not journal or is_journal(journal)):
        own.parts.add("journal", journal)
        if dated["preprint"]:
            own.terms.append(("publication_type", "Preprint"))
        parse_details(own.parts, text[dated.start("date") :])
        own.terms += [("header", phrase) for phrase in own.parts.phrases]
        own.parts.phrases.clear()
    elif is_after_title and are_names(text):
        own.parts.add("authors", text)
    else:
        return take_book_line(own, text)
    return True


def take_book_line(own: OwnPart, text: str) -> bool:
    """Take a line of the header that only a book's page has: what it is a part of, or its date; whether it is."""
    date = BOOK_DATE.fullmatch(text)
    if date and "pub_date" not in own.parts.values:
        own.parts.add("pub_date", date["date"])
    elif not BOOK_LINE.fullmatch(text):
        return False
    if not date or date["updated"]:
        own.terms.append(("header", text))
    return True


def are_names(text: str) -> bool:
    """Whether a line is one of authors: `Paul M, Schaaff N.`, or full names with the numbers of their affiliations."""
    pieces = re.split(r"[,;]|\band\b|\bet al\b", re.sub(r"[\d*\u2020\u2021\u00a7\u00b6#()]+", ",", text))
    names = [name for piece in pieces if (name := piece.strip(" ."))]
    return ONLY_AUTHORS.fullmatch(text) is not None or (
        bool(names) and len(pieces) > 1 and all(FULL_NAME.fullmatch(name) for name in names)
    )


def is_phrase(text: str) -> bool:
    """Whether a line of the header is what PubMed sets above or below a title: Review, [Article in German]."""
    return are_known_phrases(text) or NO_ABSTRACT.fullmatch(text) is not None or text.startswith("[Article in ")


def read_abstract(own: OwnPart, lines: Sequence[Line], width: int) -> list[str]:
    """The paragraphs of an abstract; keywords, copyright and conflicts of interest among them become terms."""
    paragraphs: list[str] = []
    for text in unwrap(lines, width):
        if keywords := KEYWORDS.fullmatch(text):
            own.terms += [("keyword", word) for word in split_keywords(keywords["rest"])]
        elif COPYRIGHT.match(text):
            own.terms.append(("copyright_information", text))
        elif coi := COI.fullmatch(text):
            own.terms.append(("coi_statement", coi["rest"]))
        elif NO_ABSTRACT.fullmatch(text) or LANGUAGES_LINE.fullmatch(text):
            own.terms.append(("header", text))
        elif paragraphs and LABEL.fullmatch(paragraphs[-1]):
            paragraphs[-1] += f" {text}"
        elif not is_ignored(text):
            paragraphs.append(text)
    return paragraphs


def read_terms(section_name: str, text: str) -> list[str]:
    """The terms of a line of one of the other sections: none for a button, several for a line of keywords."""
    if is_ignored(text):
        return []
    term = strip_bullet(text)
    return split_keywords(term) if section_name == "keyword" else [term]


def split_keywords(text: str) -> list[str]:
    """Keywords of a line, which are set apart by semicolons, or else by commas."""
    separator = ";" if ";" in text else ","
    return [word for part in text.rstrip(". ").split(separator) if (word := part.strip())]
