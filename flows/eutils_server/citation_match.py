"""ECitMatch: the PMID of a citation by its journal, year, volume, first page and author (NBK25499, ECitMatch)."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from transforms.values import first_year, normal_text, text_of

LINE_END = re.compile(r"\r\n?|\n")

# So many PMIDs are named where a citation fits several records; of more, their number is said.
NAMED_COUNT = 3


@dataclass(frozen=True, slots=True)
class Citation:
    """What a record, or a citation string, says of where it was published; '' and () where it says nothing.

    Attributes:
        journals: Names of the journal, by their letters and digits alone; a citation string has one at most.
        year, volume, first_page: As given, without blanks around them, in lower case.
        author: First author, `mann bj`, by letters, digits and single blanks.
    """

    journals: tuple[str, ...]
    year: str
    volume: str
    first_page: str
    author: str


@dataclass
class CitationIndex:
    """Citations of records by first page; those without pages are below ''."""

    by_page: dict[str, list[tuple[int, Citation]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, pmid: int, element: etree._Element) -> None:
        """Add what a record says."""
        citation = read_citation(element)
        self.by_page[citation.first_page].append((pmid, citation))

    def match(self, wanted: Citation) -> list[int]:
        """The PMIDs that every part that is given fits, ascending."""
        if not any((wanted.journals, wanted.year, wanted.volume, wanted.first_page)):
            return []
        if wanted.first_page:
            candidates: Iterable[tuple[int, Citation]] = self.by_page.get(wanted.first_page, ())
        else:
            candidates = (pair for pairs in self.by_page.values() for pair in pairs)
        return sorted({pmid for pmid, citation in candidates if is_match(wanted, citation)})


def answer_line(index: CitationIndex, line: str) -> str:
    """The answer to one citation string: the string, and a PMID, NOT_FOUND, or AMBIGUOUS with what it may be.

    Args:
        index: The records.
        line: `journal|year|volume|first page|author|key|`, the last bar or not.
    """
    parts = [*line.split("|"), "", "", "", "", "", ""][:6]
    journal, year, volume, first_page, author, _ = (part.strip() for part in parts)
    journals = (normal_text(journal),) if normal_text(journal) else ()
    wanted = Citation(journals, year, volume.lower(), first_page.lower(), normal_author(author))
    found = index.match(wanted)
    if not found:
        outcome = "NOT_FOUND"
    elif len(found) == 1:
        outcome = str(found[0])
    elif len(found) <= NAMED_COUNT:
        outcome = f"AMBIGUOUS {','.join(map(str, found))}"
    else:
        outcome = f"AMBIGUOUS ({len(found)} citations)"
    return "|".join([*parts, outcome])


def citation_lines(bdata: str) -> list[str]:
    """The citation strings of a request, one a line; NCBI takes any line end."""
    return [line for line in LINE_END.split(bdata) if line.strip()]


def is_match(wanted: Citation, citation: Citation) -> bool:
    """Whether a record fits every part that is given; a record that names no author fits any."""
    return (
        (not wanted.journals or wanted.journals[0] in citation.journals)
        and wanted.year in ("", citation.year)
        and wanted.volume in ("", citation.volume)
        and wanted.first_page in ("", citation.first_page)
        and (not wanted.author or not citation.author or is_author(wanted.author, citation.author))
    )


def is_author(wanted: str, author: str) -> bool:
    """Whether a name, with as many initials as are given, is that of an author."""
    return f"{author} ".startswith(f"{wanted} ") or (" " in wanted and author.startswith(wanted))


def read_citation(element: etree._Element) -> Citation:
    """What a record says of where it was published."""
    names = {normal_text(text_of(e)) for e in element.iterfind(".//Journal/Title")}
    names |= {normal_text(text_of(e)) for e in element.iterfind(".//Journal/ISOAbbreviation")}
    names |= {normal_text(text_of(e)) for e in element.iterfind(".//MedlineJournalInfo/MedlineTA")}
    year = first_year(element.findtext(".//PubDate/Year"), element.findtext(".//PubDate/MedlineDate"))
    pages = element.findtext(".//Pagination/MedlinePgn") or element.findtext(".//Pagination/StartPage") or ""
    first_page = re.match(r"[^\s,;-]*", pages)
    author = element.find(".//AuthorList/Author")
    name = "" if author is None else f"{author.findtext('LastName') or ''} {author.findtext('Initials') or ''}"
    return Citation(
        tuple(sorted(names - {""})),
        str(year or ""),
        (element.findtext(".//JournalIssue/Volume") or "").strip().lower(),
        (first_page[0] if first_page else "").lower(),
        normal_author(name),
    )


def normal_author(name: str) -> str:
    """A name as it is compared: `Mann, B.J.` is `mann bj`."""
    last, *rest = [normal_text(part) for part in re.split(r"[\s,]+", name.strip())]
    return f"{last} {''.join(rest)}".strip()
