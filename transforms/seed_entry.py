"""One entry of a seed page's lists, taken apart.

PubMed writes an entry as title, authors, citation, PMID and phrases, in that order:

    The Ketamine Antidepressant Story: New Insights.Molecules. 2020 Dec 7;25(23):5777. doi: 10.3390/molecules25235777.
    Molecules. 2020. PMID: 33297563 Free PMC article. Review.

A page saved as text loses what separates them. What is left to go by, best first: the short citation that repeats just
before the PMID, a line that begins with the journal, and the last sentence before the date. A reference list has the
authors first (`Author A, Author B. Title. Journal. 2014;1:2-3.` or `Author A (2014) Title. Journal 1:2-3`). What none
of these tells stays None.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from transforms import values
from transforms.seed_phrases import is_publication_type, split_phrases

# Browsers copy the flags right behind the number: `PMID: 27172445Free PMC article.`
PMID = re.compile(rf"\bPMID\s*:?\s*{values.PMID}(?![0-9])\.?")
PUBMED_URL = re.compile(rf"\b(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/{values.PMID}\b")
PMC_ID = re.compile(r"(?:\bPMCID\s*:?\s*)?\b(PMC[1-9][0-9]*)\b(?:\.[0-9]+)?\.?")
DOI = re.compile(r"(?:\bdoi(?:\s*:\s*|\s+)|\bhttps?://(?:dx\.)?doi\.org/)+(10\.\S+)", re.IGNORECASE)
BARE_DOI = re.compile(r"(?<![\w/.])(10\.[0-9]{4,9}/\S+)")
PII = re.compile(r"\bpii\s*:\s*(\S+)")

YEAR = r"(?:1[5-9]|20|21)[0-9]{2}"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
DATE_WORD = (
    rf"(?:{MONTH}|Spring|Summer|Autumn|Fall|Winter|{YEAR}|[0-9]{{1,2}}|[1-4](?:st|nd|rd|th)|(?:Quart|Sem|Trim)[a-z]*)"
)
DATE = rf"{YEAR}\b(?:(?: ?[-\u2013/,] ?| ){DATE_WORD}\b)*"
DATE_START = re.compile(DATE)
EPUB = re.compile(rf"\bEpub ({DATE})\.?")
SHORT_CITATION = re.compile(rf"\. ?{YEAR}\.?$")
DATED = re.compile(rf"(?: (?P<preprint>\[Preprint\]))?\. ?(?P<date>{DATE})(?=(?P<more>[;:])|\.|$)")
STRONG = re.compile(r"[;:]|\. ?(?:doi|pii|Epub|Online ahead|Print|eCollection)\b")
SENTENCE_END = re.compile(r"[.?!][\])\"\u201d\u2019']*\s*")
NUMBERING = re.compile(r"[;:].*?(?=\.(?:\s|$|doi|pii|Epub)|\s+(?:doi|pii)\b|$)")
NUMBERS = re.compile(
    r"(?:; ?(?P<volume>[^():]*?) ?(?:\((?P<issue>[^()]*(?:\([^()]*\)[^()]*)*)\))?)?(?: ?: ?(?P<pages>.+))?"
)
# Books have a date and no journal: `2023 Jul 24. In: StatPearls [Internet]. Treasure Island (FL): ...`.
BOOK = re.compile(rf"(?<=[.?!\])\"\u201d\u2019']) ?(?P<date>{DATE})(?P<updated> \[updated [^\]]+\])?\. (?=In: )")
# References that leave out the full stop before the year: `Lancet 2001; 357: 1763-67.`
UNDOTTED = re.compile(rf"(?<=[^\W\d_)]) (?P<date>{DATE}) ?(?=; ?[A-Z]?[0-9]+ ?[:(])")
YEAR_IN_BRACKETS = re.compile(
    rf"(?P<authors>[^()]+?) \((?P<pub_date>{YEAR})[a-z]?\)[.:]? (?P<title>.+[.?!]) (?P<journal>[^.?!0-9][^.?!]*?) "
    r"(?P<volume>[0-9]+)(?: ?\((?P<issue>[^()]+)\))?: ?(?P<pages>[A-Za-z]?[0-9][-\u2013\w]*)(?=[.\s]|$)"
)

UPPER = r"[^\W\d_a-z\u00df-\u00f6\u00f8-\u00ff]"
PARTICLES = (
    "de del della der den des van von vom zu zur zum la le da das do dos di du el al bin ibn ben ten ter te het af av y"
)
NAME_WORD = (
    rf"(?:(?:{PARTICLES.replace(' ', '|')}|'t)|(?:[dl]['\u2019])?{UPPER}[^\W\d_]*(?:[-'\u2019\u2010][^\W\d_]+)*)"
)
# Atomic: a name can be split in several ways, and hundreds of names in a row must not try them all.
AUTHOR = rf"(?>{NAME_WORD}(?: {NAME_WORD}){{0,5}} {UPPER}(?:-?{UPPER}){{0,4}}(?: (?:Jr|Sr|2nd|3rd|4th|I{{1,3}}|IV))?\b)"
AUTHORS = rf"{AUTHOR}(?:, {AUTHOR})*+(?:,? et al)?(?:; [^.;]+)*+"
# MDPI's form, with full stops behind all that is short: `Smith J.A., Roe B. A title. Int. J. Mol. Sci. 2021;22:4642.`
DOTTED_AUTHOR = (
    rf"(?>{NAME_WORD}(?: {NAME_WORD}){{0,5}},? {UPPER}\.(?:[- ]?{UPPER}\.)*+(?:,? (?:Jr|Sr|2nd|3rd|I{{1,3}}|IV)\.?)?)"
)
DOTTED = re.compile(
    rf"(?P<authors>{DOTTED_AUTHOR}(?:(?:, and|,| and| &) {DOTTED_AUTHOR})*+(?:,? et al\.)?),? (?P<title>.+?[.?!]) "
    rf"(?P<journal>(?:[A-Z][A-Za-z]{{0,14}}\.? |of |and |in |& ){{0,11}}?[A-Z][A-Za-z]{{0,14}}\.?) "
    rf"(?P<date>{YEAR})(?=[;:.])"
)
TITLE_THEN_AUTHORS = re.compile(
    rf"(?P<title>.*?[.?!\])\"\u201d\u2019']) ?(?P<authors>{AUTHORS})\.(?: ?(?P<short>{AUTHOR}(?:,? et al)?)\.)?"
)
AUTHORS_THEN_TITLE = re.compile(rf"(?P<authors>{AUTHORS})[.:] ?(?P<title>.*\S)")
ONLY_AUTHORS = re.compile(rf"{AUTHORS}\.?")
ARTICLE_LANGUAGE = re.compile(r"\[(Article in [^\]]+)\]\.?")
# A note on another citation, which may have a date, a DOI and a PMID of its own; it is kept whole, as a flag.
NOTE = re.compile(
    r"\b(?:Erratum|Update|Comment|Expression of concern|Reprint|Dataset (?:described|use reported)|Original report"
    r"|Summary for patients|Retraction|(?:Retracted|Corrected) and republished|Republished) (?:in|of|for|on|from|as): "
)
LINK_NAMES = r"(?:DOI|PubMed|PMC free article|PMC|Google Scholar|Cross[Rr]ef|Scopus|Web of Science)"
LINKS_AT_END = re.compile(rf"(?:(?:\s*[-\u2013|\[(]\s*|\s+){LINK_NAMES}\b[\])]?)+\.?$")

# Above these an entry is no entry; they keep the time bounded whatever the text.
JOURNAL_LENGTH = 150
ENTRY_LENGTH = 10_000


@dataclass(frozen=True)
class SeedEntry:
    """An entry of one of a seed page's lists.

    Attributes:
        list_name: similar, cited_by or reference; the page's own heading for any other list.
        citation_order: Position in its list, from 1.
        citation_text: The entry as it stands, its lines joined by a space, without bullet.
        pmid: None where the entry gives none.
        title: With its full stop, as in Entrez; None where it cannot be told where it begins or stops.
        journal: As NLM abbreviates it; None where it cannot be told.
        pub_date: Verbatim, beginning with the year: 2020 Dec 7, 2020 Jan-Feb, 1998 Spring.
        pub_year: Its year.
        volume, issue, pages, doi, pii, pmc_id, epub_date, authors: Verbatim; None where not given.
        flags: Phrases of the entry that are no publication type, in order: Free PMC article, Online ahead of print.
        publication_types: Phrases that are, in order: Review, Clinical Trial.
        resolution: How Entrez found the PMID where the entry gives none: ecitmatch or esearch; None otherwise.
    """

    list_name: str
    citation_order: int
    citation_text: str
    pmid: int | None = None
    title: str | None = None
    journal: str | None = None
    pub_date: str | None = None
    pub_year: int | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pii: str | None = None
    pmc_id: str | None = None
    epub_date: str | None = None
    authors: str | None = None
    flags: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    resolution: str | None = None


@dataclass
class Parts:
    """What has been found so far: values by the name of their column, the first one of each; others; phrases."""

    values: dict[str, str] = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)

    def add(self, name: str, value: str | None) -> None:
        """Keep a value, unless it is empty; where there is one of that name, a different one goes to the others."""
        if value and self.values.setdefault(name, value) != value:
            self.others.append((name, value))


@dataclass(frozen=True)
class Place:
    """Where a citation stands: text[start:] is `journal. date ...`; its details are text[date_start:end]."""

    journal: str
    start: int
    date_start: int
    end: int
    is_preprint: bool
    is_repeated: bool = False


def parse_entry(lines: Sequence[str], *, list_name: str, citation_order: int, has_authors: bool = False) -> SeedEntry:
    """Take an entry apart.

    Args:
        lines: The entry's lines with single spaces and without bullet; lines that only wrap are joined already.
        list_name: As in SeedEntry.
        citation_order: As in SeedEntry.
        has_authors: Other entries of the page name authors, so that one name alone before the journal is an author
            too; otherwise `Vitamin A.` is the end of a title.
    """
    text = " ".join(lines)
    pmid = find_pmid(text)
    parts = Parts()
    if len(text) <= ENTRY_LENGTH:
        own = LINKS_AT_END.sub("", text[: pmid.start()] if pmid else text).rstrip()
        parse_citation(parts, own, lines, is_reference=list_name == "reference", has_authors=has_authors)
        if pmid:
            take_ids(parts, LINKS_AT_END.sub("", text[pmid.end() :]))
    found = pmid or PUBMED_URL.search(text)
    date = parts.values.get("pub_date")
    phrases = tuple(dict.fromkeys(parts.phrases))
    return SeedEntry(
        list_name=list_name,
        citation_order=citation_order,
        citation_text=text,
        pmid=int(found[1]) if found else None,
        title=parts.values.get("title"),
        journal=parts.values.get("journal"),
        pub_date=date,
        pub_year=int(date[:4]) if date else None,
        volume=parts.values.get("volume"),
        issue=parts.values.get("issue"),
        pages=parts.values.get("pages"),
        doi=parts.values.get("doi"),
        pii=parts.values.get("pii"),
        pmc_id=parts.values.get("pmc_id"),
        epub_date=parts.values.get("epub_date"),
        authors=parts.values.get("authors"),
        flags=tuple(p for p in phrases if not is_publication_type(p)),
        publication_types=tuple(p for p in phrases if is_publication_type(p)),
    )


def find_pmid(text: str) -> re.Match[str] | None:
    """The entry's own `PMID: n`: the first, or the last where a note on another citation may hold the first."""
    matches = list(PMID.finditer(text))
    note = find_note(text)
    if note and matches and note.start() < matches[0].start():
        return matches[-1]
    return matches[0] if matches else None


def find_note(text: str) -> re.Match[str] | None:
    """The first note on another citation; it follows the entry's own date, whereas a title can begin `Comment on: `."""
    dated = DATED.search(text)
    return NOTE.search(text, dated.end()) if dated else None


def parse_citation(parts: Parts, text: str, lines: Sequence[str], *, is_reference: bool, has_authors: bool) -> None:
    """Take apart what stands before the PMID."""
    if not is_reference and (language := ARTICLE_LANGUAGE.search(text)):
        parts.phrases.append(language[1])
    note = find_note(text)
    plain = text[: note.start()].rstrip() if note else text
    dotted = DOTTED.match(plain) if is_reference else None
    if dotted and re.search(rf"{UPPER}\.(?:,|-?{UPPER}\.|,? et al)", dotted["authors"]):
        parts.add("authors", dotted["authors"])
        parts.add("title", dotted["title"])
        parts.add("journal", dotted["journal"].replace(".", ""))
        parse_details(parts, plain[dotted.start("date") :])
        return
    if book := BOOK.search(text):
        split_front(parts, text[: book.start()].strip(), lines, is_reference=is_reference, has_authors=has_authors)
        parts.add("pub_date", book["date"])
        source = text[book.end() :].partition(f"{book['date']}. In: ")[0]
        parts.phrases += [phrase for phrase in ((book["updated"] or "").strip(), source.strip(" .")) if phrase]
        return
    place = find_repeated(text, plain) or find_at_line(plain, lines) or find_in_text(plain, is_reference=is_reference)
    if place is not None:
        parts.add("journal", place.journal)
        front = " ".join(ARTICLE_LANGUAGE.sub(" ", text[: place.start]).split())
        is_reference = is_reference and not place.is_repeated
        split_front(parts, front, lines, is_reference=is_reference, has_authors=has_authors)
        parse_details(parts, plain[place.date_start : place.end])
        if place.is_preprint:
            parts.phrases.append("Preprint")
        if note:
            parts.phrases.append(
                text[note.start() : max(place.end, note.start()) if place.is_repeated else None].strip(" .")
            )
    elif match := YEAR_IN_BRACKETS.match(text):
        for name, value in match.groupdict().items():
            parts.add(name, value)
        find_ids(parts, text[match.end() :])
    else:
        find_ids(parts, text)


def find_repeated(text: str, plain: str) -> Place | None:
    """The citation in `plain`, without notes, that a short one at the text's end, `Journal. 2014.`, repeats."""
    short = SHORT_CITATION.search(text)
    if short is None:
        return None
    head = text[: short.start()].removesuffix(" [Preprint]")
    first = max(0, len(head) - JOURNAL_LENGTH)
    starts = [m.end() for m in re.finditer(r"\s", head[first:])]
    # The longest journal first; one that begins a sentence before one that does not.
    for start in sorted((first + s for s in starts), key=lambda s: (not SENTENCE_END.match(head, s - 2), s)):
        journal = head[start:]
        before = [m for m in re.finditer(re.escape(journal) + DATED.pattern, plain) if m.end() <= start]
        if journal and before:
            match = before[-1]
            return Place(journal, match.start(), match.start("date"), start, bool(match["preprint"]), is_repeated=True)
    return None


def find_at_line(text: str, lines: Sequence[str]) -> Place | None:
    """The citation that begins a line which is not the first, as pages have it that keep their lines."""
    start = 0
    for before, line in pairwise(lines):
        start += len(before) + 1
        match = DATED.search(line)
        if match and SENTENCE_END.search(before[-2:]) and is_journal(line[: match.start()]):
            journal, date_start = line[: match.start()], start + match.start("date")
            return Place(journal, start, date_start, len(text), bool(match["preprint"]))
    return None


def find_in_text(text: str, *, is_reference: bool) -> Place | None:
    """The first date with numbering behind it, and the sentence before the date as the journal."""
    matches = list(DATED.finditer(text))
    strong = [m for m in matches if STRONG.match(text, m.end())]
    for match in strong or ([] if is_reference else matches):
        ends = [m.end() for m in SENTENCE_END.finditer(text, max(0, match.start() - JOURNAL_LENGTH), match.start())]
        start = ends[-1] if ends else 0
        journal = text[start : match.start()]
        if is_journal(journal) and (start or not any(word[0].islower() for word in journal.split())):
            return Place(journal, start, match.start("date"), len(text), bool(match["preprint"]))
    undotted = UNDOTTED.search(text) if is_reference and not matches else None
    ends = [m.end() for m in SENTENCE_END.finditer(text, 0, undotted.start())] if undotted else []
    if undotted and ends and is_journal(text[ends[-1] : undotted.start()]):
        return Place(text[ends[-1] : undotted.start()], ends[-1], undotted.start("date"), len(text), is_preprint=False)
    return None


def is_journal(text: str) -> bool:
    """Whether a text can be a journal's name: a few words without a sentence's end, the first none like `and`.

    `mBio` and `bioRxiv` begin in lower case.
    """
    if not 0 < len(text) <= JOURNAL_LENGTH or re.search(r"[.?!;:]|\d{4}$", text):
        return False
    return not text[0].islower() or not text.split(maxsplit=1)[0].islower()


def split_front(parts: Parts, front: str, lines: Sequence[str], *, is_reference: bool, has_authors: bool) -> None:
    """Tell title and authors apart in what stands before the journal."""
    after = TITLE_THEN_AUTHORS.fullmatch(front)
    before = AUTHORS_THEN_TITLE.fullmatch(front)
    on_own_line = any(ONLY_AUTHORS.fullmatch(line) and front.endswith(line) for line in lines[1:])
    if is_reference:
        if before:
            parts.add("title", before["title"])
            parts.add("authors", before["authors"])
        elif not re.search(r"[.?!] \S", front):
            parts.add("title", front)
    elif after and (has_authors or on_own_line or after["short"] or re.search(r", |et al|; ", after["authors"])):
        parts.add("title", after["title"])
        parts.add("authors", after["authors"])
    elif before and re.search(r", |et al", before["authors"]):
        parts.add("title", before["title"])
        parts.add("authors", before["authors"])
    else:
        parts.add("title", front)


def parse_details(parts: Parts, text: str) -> None:
    """Date, volume, issue and pages, then what follows them: `2020 Dec 7;25(23):5777. doi: ...`."""
    date = DATE_START.match(text)
    if date is None:
        return
    parts.add("pub_date", date[0])
    rest = text[date.end() :]
    numbering = NUMBERING.match(rest)
    numbers = NUMBERS.fullmatch(numbering[0]) if numbering else None
    if numbering and numbers:
        for name, value in numbers.groupdict().items():
            parts.add(name, value and value.strip())
        rest = rest[numbering.end() :]
    take_ids(parts, rest)


def take_ids(parts: Parts, text: str) -> None:
    """Identifiers and the Epub date; whatever else there is, is phrases."""
    parts.phrases += split_phrases(find_ids(parts, text))


def find_ids(parts: Parts, text: str) -> str:
    """Add identifiers and the Epub date; what is left of the text."""
    for name, pattern in (("doi", DOI), ("doi", BARE_DOI), ("pii", PII), ("pmc_id", PMC_ID), ("epub_date", EPUB)):
        for match in pattern.finditer(text):
            parts.add(name, clean_id(match[1]))
        text = pattern.sub(" ", text)
    return text


def clean_id(text: str) -> str:
    """An identifier without the punctuation of the sentence around it; brackets that it opens itself stay."""
    text = text.rstrip(".,;")
    for opening, closing in ("()", "[]"):
        if text.endswith(closing) and text.count(closing) > text.count(opening):
            text = text[:-1].rstrip(".,;")
    return text
