"""One entry of a seed page's lists: what only the page can say of it, and what resolving an entry without PMID needs.

Entrez answers for every entry that has a PMID, so that PMID, DOI and flags are taken in any form of the text. Title,
journal and numbers are taken only where they must stand: in the form of the pages saved first, in which the journal
comes again before the PMID,

    The Ketamine Antidepressant Story: New Insights.Molecules. 2020 Dec 7;25(23):5777. doi: 10.3390/molecules25235777.
    Molecules. 2020. PMID: 33297563 Free PMC article. Review.

and in references, which have no PMID: `Author A, Author B. Title. Journal. 2014;1:2-3.` What none of these tells is
None.
"""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from transforms import values
from transforms.seed_phrases import is_publication_type, split_phrases

# Browsers copy the flags right behind the number: `PMID: 27172445Free PMC article.`
PMID = re.compile(rf"\bPMID\s*:?\s*{values.PMID}(?![0-9])\.?")
PUBMED_URL = re.compile(rf"\b(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/{values.PMID}\b/?")
PMC_ID = re.compile(r"(?:\bPMCID\s*:?\s*)?\b(PMC[1-9][0-9]*)\b(?:\.[0-9]+)?\.?")
# A DOI can be cut by a line break; what follows it is a part only if it ends with the full stop that PubMed sets.
_DOI = r"(10\.[0-9]+(?:\.[0-9]+)*/\s?[^\s]+(?:(?<![.,;])\n[a-z0-9(/-][^\s]*\.(?=\s|$))?)"
DOI = re.compile(rf"(?:\bdoi(?:\s*:\s*|\s+)\[?|\bhttps?://(?:dx\.)?doi\.org/)+{_DOI}|\bdoi:\s*\S+", re.IGNORECASE)
BARE_DOI = re.compile(r"(?<![\w/.])(10\.[0-9]{4,9}/\S+)")
PII = re.compile(r"\bpii\s*:\s*(\S+)")

YEAR = r"(?:1[5-9]|20|21)[0-9]{2}"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[a-z]*"
DATE_WORD = (
    rf"(?:{MONTH}|Spring|Summer|Autumn|Fall|Winter|{YEAR}|[0-9]{{1,2}}|[1-4](?:st|nd|rd|th)|(?:Quart|Sem|Trim)[a-z]*)"
)
DATE = rf"{YEAR}\b(?:(?:\s?[-\u2013/,]\s?|\s){DATE_WORD}\b)*"
EPUB = re.compile(rf"\bEpub ({DATE})\.?")
SHORT_CITATION = re.compile(rf"\. ?{YEAR}\.?$")
DATED = re.compile(rf"(?: (?P<preprint>\[Preprint\]))?\.\s?(?P<date>{DATE})(?=[;:]|\.|$)")
STRONG = re.compile(r"[;:]|\.\s?(?:doi|pii|Epub|Online ahead|Print|eCollection)\b")
SENTENCE_END = re.compile(r"[.?!][\])\"\u201d\u2019']*\s*")
NUMBERING = re.compile(r"[;:].*?(?=\.(?:\s|$|doi|pii|Epub)|\s+(?:doi|pii)\b|$)")
NUMBERS = re.compile(
    r"(?:; ?(?P<volume>[^():]*?) ?(?:\( ?(?P<issue>[^()]*(?:\([^()]*\)[^()]*)*)\))?)?(?: ?: ?(?P<pages>.+))?"
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
PARTICLE = r"(?:d[aeiou]s?|del|della|de[nr]|van|von|vom|zu[rm]?|l[ae]|el|al|bin|ibn|ben|ten|ter?|het|af|av|y)"
NAME_WORD = rf"(?:{PARTICLE}|'t|(?:[dl]['\u2019]|el-|al-)?{UPPER}[^\W\d_]*(?:[-'\u2019\u2010][^\W\d_]+)*)"
# Atomic: a name can be split in several ways, and hundreds of names in a row must not try them all.
AUTHOR = rf"(?:{NAME_WORD}(?: {NAME_WORD}){{0,5}} {UPPER}(?:-?{UPPER}){{0,4}}(?: (?:Jr|Sr|2nd|3rd|4th|I{{1,3}}|IV))?\b)"
AUTHORS = rf"{AUTHOR}(?:, {AUTHOR})*(?:,? et al)?(?:; [^.;]+)*"
# MDPI's form, with full stops behind all that is short: `Smith J.A., Roe B. A title. Int. J. Mol. Sci. 2021;22:4642.`
DOTTED_AUTHOR = (
    rf"(?:{NAME_WORD}(?: {NAME_WORD}){{0,5}},? {UPPER}\.(?:[- ]?{UPPER}\.)*(?:,? (?:Jr|Sr|2nd|3rd|I{{1,3}}|IV)\.?)?)"
)
DOTTED = re.compile(
    rf"(?P<authors>{DOTTED_AUTHOR}(?:(?:, and|,| and| &) {DOTTED_AUTHOR})*(?:,? et al\.)?),? (?P<title>.+?[.?!]) "
    rf"(?P<journal>(?:[A-Z][A-Za-z]{{0,14}}\.? |of |and |in |& ){{0,11}}?[A-Z][A-Za-z]{{0,14}}\.?) "
    rf"(?P<date>{YEAR})(?=[;:.])"
)
AUTHORS_THEN_TITLE = re.compile(rf"(?P<authors>{AUTHORS})[.:] ?(?P<title>.*\S)")
ARTICLE_LANGUAGE = re.compile(r"\[(Article in [^\]]+)\]\.?")
# A note on another citation, which may have a date, a DOI and a PMID of its own; it is kept whole, as a flag.
NOTE = re.compile(
    r"\b(?:Erratum|Update|Comment|Expression of concern|Reprint|Dataset (?:described|use reported)|Original report"
    r"|Summary for patients|Retraction|(?:Retracted|Corrected) and republished|Republished) (?:in|of|for|on|from|as): "
)
# What can stand between the PMID of a note and the entry's own.
AFTER_NOTE = re.compile(r"[.;\s]*(?:[^.\n]{1,80}\. (?:1[5-9]|20|21)[0-9]{2}\.)?\s*")
LINK_NAMES = r"(?:DOI|PubMed|PMC free article|PMC|Google Scholar|Cross[Rr]ef|Scopus|Web of Science)"
LINKS_AT_END = re.compile(rf"(?:(?:\s*[-\u2013|\[(]\s*|\s+){LINK_NAMES}\b[\])]?)+\.?$")

# Above these an entry is no entry; they keep the time bounded whatever the text.
JOURNAL_LENGTH = 150
ENTRY_LENGTH = 10_000


@dataclass(frozen=True, kw_only=True)
class Cited:
    """What a page tells of a citation, verbatim; None where it does not, or not for certain.

    Attributes:
        title: As it stands: an entry's with its full stop, a page's own without.
        journal: As NLM abbreviates it.
        pub_date: Beginning with the year: 2020 Dec 7, 2020 Jan-Feb, 1998 Spring.
        pub_year: Its year.
    """

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


# What is told of a citation besides its PMID, its title and its year.
TOLD = ("journal", "pub_date", "volume", "issue", "pages", "doi", "pii", "pmc_id", "epub_date", "authors")


@dataclass(frozen=True)
class SeedEntry(Cited):
    """An entry of one of a seed page's lists.

    Attributes:
        list_name: similar, cited_by or reference; the page's own heading for any other list.
        citation_order: Position in its list, from 1.
        citation_text: The entry as it stands, its lines joined by a space, without bullet.
        flags: Phrases of the entry that are no publication type, in order: Free PMC article, Online ahead of print.
        publication_types: Phrases that are, in order: Review, Clinical Trial.
        resolution: How Entrez found the PMID where the entry gives none: ecitmatch or esearch; None otherwise.
    """

    list_name: str
    citation_order: int
    citation_text: str
    flags: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    resolution: str | None = None


@dataclass
class Parts:
    """What has been found so far: values by the name of their column, the first one of each; phrases."""

    values: dict[str, str] = field(default_factory=dict)
    phrases: list[str] = field(default_factory=list)

    def add(self, name: str, value: str | None) -> None:
        """Keep a value, unless it is empty or there is one of that name."""
        if value and value.strip():
            self.values.setdefault(name, value.strip())


def find_anchors(text: str) -> list[re.Match[str]]:
    """The PMIDs of the entries of a text; one of a note on another citation is none if the entry's own follows it."""
    found = list(PMID.finditer(text))
    anchors: list[re.Match[str]] = []
    start = 0
    for match, following in zip_longest(found, found[1:]):
        dated = DATED.search(text, start, match.start())
        note = NOTE.search(text, dated.end(), match.start()) if dated else None
        if note and following and AFTER_NOTE.fullmatch(text, match.end(), following.start()):
            continue
        anchors.append(match)
        start = match.end()
    return anchors


def parse_entry(lines: str, *, list_name: str, citation_order: int) -> SeedEntry:
    """Take an entry apart.

    Args:
        lines: The entry's lines with single spaces and without bullet, joined by line breaks.
        list_name, citation_order: As in SeedEntry. References and entries of files name their authors first.
    """
    text = " ".join(lines.split())
    anchors = find_anchors(text)
    pmid = anchors[0] if anchors else None
    parts = Parts()
    # Over its line breaks, where a DOI can be cut.
    find_ids(parts, "" if NOTE.search(lines) else lines[:ENTRY_LENGTH])
    if len(text) <= ENTRY_LENGTH:
        own = LINKS_AT_END.sub("", text[: pmid.start()] if pmid else text).rstrip()
        parse_citation(parts, own, is_reference=list_name in ("reference", "seed"), has_pmid=pmid is not None)
        if pmid:
            take_ids(parts, LINKS_AT_END.sub("", text[pmid.end() :]))
    found = pmid or PUBMED_URL.search(text)
    date = parts.values.get("pub_date")
    phrases = tuple(dict.fromkeys(parts.phrases))
    return SeedEntry(
        list_name,
        citation_order,
        text,
        pmid=int(found[1]) if found else None,
        title=parts.values.get("title"),
        pub_year=int(date[:4]) if date else None,
        flags=tuple(p for p in phrases if not is_publication_type(p)),
        publication_types=tuple(p for p in phrases if is_publication_type(p)),
        **{name: parts.values.get(name) for name in TOLD},
    )


def parse_citation(parts: Parts, text: str, *, is_reference: bool, has_pmid: bool) -> None:
    """Take apart what stands before the PMID, if it is in a form in which every part has its place."""
    dated = DATED.search(text)
    note = NOTE.search(text, dated.end()) if dated else None
    plain = text[: note.start()].rstrip() if note else text
    if language := ARTICLE_LANGUAGE.search(plain):
        parts.phrases.append(language[1])
    if place := find_repeated(text, plain):
        start, end = place
        head = DATED.search(plain, start)
        parts.phrases += ["Preprint"] if head and head["preprint"] else []
        front = " ".join(ARTICLE_LANGUAGE.sub(" ", plain[:start]).split())
        # Where authors stand between title and journal, nothing tells where the title stops.
        if not re.search(rf"(?:{AUTHOR}, {AUTHOR}|et al|{AUTHOR}; [^.]+)\.$", front):
            parts.add("title", front)
        parts.add("journal", head and plain[start : head.start()])
        parse_details(parts, plain[head.start("date") if head else end : end])
        if note:
            parts.phrases.append(text[note.start() : end if end > note.start() else None].strip(" ."))
        return
    if note:
        parts.phrases.append(text[note.start() :].strip(" ."))
    if book := BOOK.search(plain):
        if has_pmid and not is_reference and f"{book['date']}. In: " in text[book.end() :]:
            parts.add("title", text[: book.start()])
        parts.add("pub_date", book["date"])
        source = text[book.end() :].partition(f"{book['date']}. In: ")[0]
        parts.phrases += [phrase for phrase in ((book["updated"] or "").strip(), source.strip(" .")) if phrase]
    elif is_reference or not has_pmid:
        parse_reference(parts, plain, is_reference=is_reference)


def find_repeated(text: str, plain: str) -> tuple[int, int] | None:
    """Where the citation begins and ends in `plain`, that a short one at the text's end, `Journal. 2014.`, repeats."""
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
            return before[-1].start(), start
    return None


def parse_reference(parts: Parts, text: str, *, is_reference: bool) -> None:
    """A citation without PMID: authors, title, journal and numbers, in one of the forms that publishers use."""
    dotted = DOTTED.match(text) if is_reference else None
    if dotted and re.search(rf"{UPPER}\.(?:,|-?{UPPER}\.|,? et al)", dotted["authors"]):
        parts.add("authors", dotted["authors"])
        parts.add("title", dotted["title"])
        parts.add("journal", dotted["journal"].replace(".", ""))
        parse_details(parts, text[dotted.start("date") :])
    elif match := YEAR_IN_BRACKETS.match(text):
        for name, value in match.groupdict().items():
            parts.add(name, value)
        find_ids(parts, text[match.end() :])
    elif place := find_in_text(text, is_reference=is_reference):
        start, date = place
        front = AUTHORS_THEN_TITLE.fullmatch(text[:start].strip())
        parts.add("journal", text[start : date.start()])
        if front:
            parts.add("authors", front["authors"])
            parts.add("title", front["title"])
        elif is_reference and not re.search(r"[.?!] \S", text[:start].strip()):
            parts.add("title", text[:start])
        parse_details(parts, text[date.start("date") :])
    else:
        find_ids(parts, text)


def find_in_text(text: str, *, is_reference: bool) -> tuple[int, re.Match[str]] | None:
    """Where the journal begins and the date is: the first one with numbers behind it, and the sentence before it."""
    matches = [m for m in DATED.finditer(text) if STRONG.match(text, m.end())]
    for match in matches or ([m] if is_reference and (m := UNDOTTED.search(text)) else []):
        ends = [m.end() for m in SENTENCE_END.finditer(text, max(0, match.start() - JOURNAL_LENGTH), match.start())]
        start = ends[-1] if ends else 0
        journal = text[start : match.start()]
        if is_journal(journal) and (start or not any(word[0].islower() for word in journal.split())):
            return start, match
    return None


def is_journal(text: str) -> bool:
    """Whether a text can be a journal's name: a few words without a sentence's end, the first none like `and`.

    `mBio` and `bioRxiv` begin in lower case.
    """
    if not 0 < len(text) <= JOURNAL_LENGTH or re.search(r"[.?!;:]|\d{4}$", text):
        return False
    return not text[0].islower() or not text.split(maxsplit=1)[0].islower()


def parse_details(parts: Parts, text: str) -> None:
    """Date, volume, issue and pages, then what follows them: `2020 Dec 7;25(23):5777. doi: ...`."""
    date = re.match(DATE, text)
    if date is None:
        return
    parts.add("pub_date", date[0])
    rest = text[date.end() :]
    numbering = NUMBERING.match(rest)
    numbers = NUMBERS.fullmatch(numbering[0]) if numbering else None
    if numbering and numbers:
        for name, value in numbers.groupdict().items():
            parts.add(name, value)
        rest = rest[numbering.end() :]
    take_ids(parts, rest)


def take_ids(parts: Parts, text: str) -> None:
    """Identifiers and the Epub date; whatever else there is, is phrases."""
    parts.phrases += split_phrases(find_ids(parts, text))


def find_ids(parts: Parts, text: str) -> str:
    """Add identifiers and the Epub date; what is left of the text."""
    for name, pattern in (("doi", DOI), ("doi", BARE_DOI), ("pii", PII), ("pmc_id", PMC_ID), ("epub_date", EPUB)):
        for match in pattern.finditer(text):
            parts.add(name, match[1] and clean_id(("" if name == "doi" else " ").join(match[1].split())))
        text = pattern.sub(" ", text)
    return text


def clean_id(text: str) -> str:
    """An identifier without the punctuation of the sentence around it; brackets that it opens itself stay."""
    text = text.rstrip(".,;")
    for opening, closing in ("()", "[]"):
        if text.endswith(closing) and text.count(closing) > text.count(opening):
            text = text[:-1].rstrip(".,;")
    return text
