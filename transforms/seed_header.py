"""The top of a seed page: its own identifiers, its title, and what it says of its own citation.

The title is taken only where its place is certain, otherwise it is None; what Entrez can say is left to Entrez.
"""

import re
from collections.abc import Sequence
from itertools import dropwhile, islice, takewhile

from transforms.seed_entry import (
    DATE,
    NAME_WORD,
    PARTICLE,
    PUBMED_URL,
    UPPER,
    Parts,
    clean_id,
    take_details,
)
from transforms.seed_lines import (
    MIN_WRAP_WIDTH,
    Line,
    Section,
    heading_key,
    is_ignored,
    strip_bullet,
    unwrap,
)
from transforms.seed_phrases import PUBLICATION_TYPES, are_known_phrases, is_publication_type, split_phrases
from transforms.values import to_pmid
from warehouse.errors import SeedError

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


def is_identifier(text: str) -> bool:
    """Whether a line holds identifiers of the page and nothing else."""
    text = strip_bullet(text)
    return bool(IDENTIFIER.match(text)) and not IDENTIFIER.sub("", text).strip()


def is_citation(text: str) -> bool:
    """Whether a line is the page's own citation: `. 2014 Nov;264:S55-65.` or `J Med. 2014;1:2.`"""
    match = CITATION_LINE.fullmatch(text)
    return match is not None and (text.startswith((".", "[Preprint]")) or bool(BOOK_DATE.match(match["details"])))


def is_dotted_citation(text: str) -> bool:
    """Whether a line is the page's own citation without its journal, which is the line above."""
    return text == "." or (is_citation(text) and text.startswith((".", "[Preprint]")))


def same_title(text: str, title: str | None) -> bool:
    """Whether a line is the title, with or without its full stop."""
    return title is not None and text.rstrip(".") == title.rstrip(".")


def is_part_of_title(text: str, title: str | None) -> bool:
    """Whether a line is the beginning or the end of the title, with or without its full stop."""
    part = text.rstrip(".")
    return bool(title and part and (title.startswith(part) or title.endswith(part)))


def find_own(sections: Sequence[Section], file_name: str) -> tuple[Parts, list[Section]]:
    """The page's own identifiers, and the sections that hold its title: those above the one with the PMID, and it.

    A PMID within a line counts if no line begins with one.

    Raises:
        SeedError: The page has no PMID of its own, two different ones, or one that is not a number.
    """
    own = Parts()
    outside = [section for section in sections if not section.is_list]
    has_pmid = [take_identifiers(own, section, file_name) for section in outside]
    if not any(has_pmid):
        last = max(n for section in sections for n in (1, section.number, *(line.number for line in section.lines)))
        own.add(pmid=find_inline_pmid(outside, f"{file_name}, line {last}"))
    end = has_pmid.index(True) if any(has_pmid) else 0
    around = [s for s in outside[: end + 1] if s.name not in ("abstract", "front_matter", "affiliation")]
    return own, [
        s for s in around if not s.heading or s is outside[end] or any(is_citation(line.text) for line in s.lines)
    ]


def take_identifiers(own: Parts, section: Section, file_name: str) -> bool:
    """Add the identifiers on lines that hold nothing else; returns whether there is a PMID.

    Raises:
        SeedError: A PMID is not a number, or not the one found before.
    """
    has_pmid = False
    for line in section.lines:
        for match in IDENTIFIER.finditer(line.text) if is_identifier(line.text) else ():
            name, value = match["name"].lower(), clean_id(match["value"])
            if name == "pmid":
                check_pmid(own, value, f"{file_name}, line {line.number}")
                has_pmid = True
            if name == "bookshelf id":
                own.phrases.append(match[0].strip())
            else:
                own.add(**{"pmc_id" if name == "pmcid" else name: value})
    return has_pmid


def find_inline_pmid(sections: Sequence[Section], where: str) -> str:
    """The first PMID within a line, outside of the abstract; or else in an address of PubMed.

    Raises:
        SeedError: There is none.
    """
    top = "\n".join(line.text for section in sections if section.name != "abstract" for line in section.lines)
    inline = re.search(r"\bPMID\s*:?\s*0*([1-9][0-9]{0,8})\b", top) or PUBMED_URL.search(top)
    if inline is None:
        raise SeedError(
            f"{where}: the text ends without a line such as `PMID: 25217177`; save a PubMed page with its PMID, or "
            "write PMIDs into a *.pmids file, one a line."
        )
    return inline[1]


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
    return find_repeated_title(unwrap(header, width)) or find_title_heading(lines) or find_title_below(header)


def find_repeated_title(texts: Sequence[str]) -> str | None:
    """The line above the identifiers, if it is repeated below them or the only other line."""
    place = next((index for index, text in enumerate(texts) if IDENTIFIER.match(strip_bullet(text))), 0)
    above = texts[place - 1].removeprefix("# ") if place else ""
    if " " in above and not is_ignored(above) and not is_citation(above):
        others = (t for t in texts if not (is_ignored(t) or is_identifier(t) or t == texts[place - 1]))
        below = (t for t in texts[place:] if not IDENTIFIER.match(strip_bullet(t)) and not t[:1].isdigit())
        return above if same_title(next(below, ""), above) or not any(others) else None
    return None


def find_title_heading(lines: Sequence[Line]) -> str | None:
    """The first heading in Markdown, or what stands before ` - PubMed`, near the top of the page."""
    for index, line in enumerate(lines[:40]):
        found = None if is_ignored(line.text) else TITLE_HEADING.fullmatch(line.text)
        if found and heading_key(found[0]) not in ("pubmed", "abstract") and (found[1] or index < 3):
            # Some programs wrap headings too.
            rest = takewhile(lambda one: not (one.after_blank or ENDS_TITLE.match(one.text)), lines[index + 1 :])
            return " ".join([found[1] or found[2], *(one.text for one in rest if len(found[1] or "") > MIN_WRAP_WIDTH)])
    return None


def find_title_below(header: Sequence[Line]) -> str | None:
    """The title below the page's citation: one line, or several up to a line of authors or a blank one."""
    below = islice(dropwhile(lambda line: not is_citation(line.text), header), 1, None)
    title: list[str] = []
    for line in dropwhile(lambda line: GOES_ON.match(line.text) or line.text == "." or is_ignored(line.text), below):
        is_end = is_no_title(line.text) or NAMES.fullmatch(line.text) or are_known_phrases(line.text)
        if is_end or (title and line.after_blank):
            return " ".join(title) if title and is_below_title(line, title) else None
        title.append(line.text)
    return title[0] if len(title) == 1 else None


def is_no_title(text: str) -> bool:
    """Whether a line cannot be part of a title."""
    return is_identifier(text) or is_ignored(text) or text.startswith("[Article in ")


def is_below_title(line: Line, title: Sequence[str]) -> bool:
    """Whether a line shows for certain that the lines above it are the whole title."""
    if is_no_title(line.text) and (line.after_blank or len(title) == 1):
        return True
    if line.after_blank:
        return FIRST_NAME.match(line.text) is not None
    # Words in capitals on the second line of a title look like names, but have neither numbers nor initials.
    return bool(NAMES.fullmatch(line.text) and re.search(r"[0-9*#^]|\b[A-Z]{1,3}\b", line.text))


def read_header(own: Parts, terms: list[tuple[str, str]], section: Section, title: str | None) -> None:
    """Journal, date, authors and phrases of the lines around the title; the others are terms of section header."""
    is_after_title = False
    lines = [line for line in section.lines if not is_identifier(line.text)]
    for index, line in enumerate(lines):
        text = re.sub(r"^# (?:Title:\s*)?", "", strip_bullet(line.text)).removesuffix(" - PubMed")
        if is_part_of_title(text, title):
            is_after_title = True
        elif is_ignored(text) or text == ".":
            continue
        elif are_known_phrases(text):
            terms += [("publication_type" if is_publication_type(p) else "header", p) for p in split_phrases(text)]
        elif is_citation(text):
            terms += read_own_citation(own, text)
        elif index + 1 < len(lines) and is_dotted_citation(lines[index + 1].text):
            terms += read_journal(own, text)
        elif GOES_ON.match(text):
            terms += read_details(own, text)
        elif is_after_title and "authors" not in own.values and (names := find_names(lines[index:])):
            own.add(authors=names)
        elif text not in own.values.get("authors", ""):
            terms.append(("header", text))
        terms += [("header", phrase) for phrase in own.phrases]
        own.phrases.clear()


def read_own_citation(own: Parts, text: str) -> list[tuple[str, str]]:
    """Add what a line `J Med. 2014;1:2.` says; returns its terms."""
    if citation := CITATION_LINE.fullmatch(text):
        own.add(journal=citation["journal"])
        take_details(own, citation["details"])
    return [("publication_type", "Preprint")] if "[Preprint]" in text else []


def read_journal(own: Parts, text: str) -> list[tuple[str, str]]:
    """Add the journal of a line that a publication type may stand before; returns its terms."""
    kind = next((kind for kind in PUBLICATION_TYPES if text.startswith(f"{kind} ")), "")
    own.add(journal=text.removeprefix(kind))
    return [("publication_type", kind)] if kind else []


def read_details(own: Parts, text: str) -> list[tuple[str, str]]:
    """Add what a line that goes on with the citation says; returns its terms."""
    take_details(own, text)
    # The two DOIs of a page sometimes differ; the one of the line `DOI:` is the page's, the other is kept too.
    return [("header", text)] if (own.values.get("doi") or "") not in text else []


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
