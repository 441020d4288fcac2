"""One entry of a seed page's lists: what only the page can say of it, and what resolving an entry without PMID needs.

Entrez answers for every entry that has a PMID, so PMID, DOI and flags are taken from text of any form. Title, journal
and numbers are taken only where their place is certain: in the form of the pages saved first, which repeat the journal
before the PMID,

    The Ketamine Antidepressant Story: New Insights.Molecules. 2020 Dec 7;25(23):5777. doi: 10.3390/molecules25235777.
    Molecules. 2020. PMID: 33297563 Free PMC article. Review.

and in references, which have no PMID: `Author A, Author B. Title. Journal. 2014;1:2-3.` Anything else is
None.
"""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from transforms import values
from transforms.seed_phrases import is_publication_type, split_phrases

# Longer text is not an entry; these bound the time for any text.
JOURNAL_LENGTH = 150
ENTRY_LENGTH = 10_000

# Browsers copy the flags right behind the number: `PMID: 27172445Free PMC article.`
PMID = re.compile(rf"\bPMID\s*:?\s*{values.PMID}(?![0-9])\.?")
PUBMED_URL = re.compile(rf"\b(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/{values.PMID}\b/?")
PMC_ID = re.compile(r"(?:\bPMCID\s*:?\s*)?\b(PMC[1-9][0-9]*)\b(?:\.[0-9]+)?\.?")
# A DOI can be cut by a line break; what follows it is a part only if it ends with the full stop that PubMed sets.
DOI = re.compile(
    r"(?:\bdoi(?:\s*:\s*|\s+)\[?|\bhttps?://(?:dx\.)?doi\.org/)+"
    r"(10\.[0-9]+(?:\.[0-9]+)*\s?/\s?[^\s]+(?:(?<![.,;])\n[a-z0-9(/-][^\s]*\.(?=\s|$))?)|\bdoi:\s*\S+",
    re.IGNORECASE,
)

YEAR = r"(?:1[5-9]|20|21)[0-9]{2}"
DATE = (
    rf"{YEAR}\b(?:(?:\s?[-\u2013/,]\s?|\s)(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|MAY|JUN"
    rf"|JUL|AUG|SEP|OCT|NOV|DEC|Quart|Sem|Trim)[a-z]*|Spring|Summer|Autumn|Fall|Winter|{YEAR}|[0-9]{{1,2}}"
    r"|[1-4](?:st|nd|rd|th))\b)*"
)
# What entries have besides their PMID, by its column; each is taken out of the text before the next one is looked for.
IDENTIFIERS = (
    ("doi", DOI),
    ("doi", re.compile(r"(?<![\w/.])(10\.[0-9]{4,9}/\S+)")),
    ("pii", re.compile(r"\bpii\s*:\s*(\S+)")),
    ("pmc_id", PMC_ID),
    ("epub_date", re.compile(rf"\bEpub ({DATE})\.?")),
)
# Where a journal ends and its date begins, and what follows a date that is certainly a citation's.
DATED = re.compile(rf"(?: (?P<preprint>\[Preprint\]))?\.\s?(?P<date>{DATE})(?=[;:]|\.|$)")
STRONG = re.compile(r"[;:]|\.\s?(?:doi|pii|Epub|Online ahead|Print|eCollection)\b")
SENTENCE_END = r"[.?!][\])\"\u201d\u2019']*\s*"
NUMBERS = re.compile(
    r"(?:; ?(?P<volume>[^():]*?) ?(?:\( ?(?P<issue>[^()]*(?:\([^()]*\)[^()]*)*)\))?)?(?: ?: ?(?P<pages>.+))?"
)
# Books have a date and no journal: `2023 Jul 24. In: StatPearls [Internet]. ...`, which comes twice in that form.
BOOK = re.compile(
    rf"(?P<title>.+?[.?!\])\"\u201d\u2019']) ?(?P<pub_date>{DATE})(?: (?P<updated>\[updated [^\]]+\]))?\. "
    r"(?P<source>In: .+?)(?P<again>\.? (?P=pub_date)\. In: .*)?"
)

UPPER = r"[^\W\d_a-z\u00df-\u00f6\u00f8-\u00ff]"
PARTICLE = r"(?:d[aeiou]s?|del|della|de[nr]|van|von|vom|zu[rm]?|l[ae]|el|al|bin|ibn|ben|ten|ter?|het|af|av|y)"
NAME_WORD = rf"(?:{PARTICLE}|'t|(?:[dl]['\u2019]|el-|al-)?{UPPER}[^\W\d_]*(?:[-'\u2019\u2010][^\W\d_]+)*)"
LAST_NAME = rf"{NAME_WORD}(?: {NAME_WORD}){{0,5}}"
AUTHOR = rf"(?:{LAST_NAME} {UPPER}(?:-?{UPPER}){{0,4}}(?: (?:Jr|Sr|2nd|3rd|4th|I{{1,3}}|IV))?\b)"
DOTTED_AUTHOR = rf"(?:{LAST_NAME},? {UPPER}\.(?:[- ]?{UPPER}\.)*(?:,? (?:Jr|Sr|2nd|3rd|I{{1,3}}|IV)\.?)?)"
AUTHORS_THEN_TITLE = re.compile(rf"(?P<authors>{AUTHOR}(?:, {AUTHOR})*(?:,? et al)?(?:; [^.;]+)*)[.:] ?(?P<title>.*\S)")
# Authors and title, and the sentence before the date: a few words without a sentence's end, the first none like `and`.
FRONT = (
    rf"(?:(?P<front>.*?{SENTENCE_END})|(?![^.]* [a-z]))"
    rf"(?P<journal>(?=\S*(?:{UPPER}|[0-9]))[^.?!;:]{{1,{JOURNAL_LENGTH}}}?(?<!\d{{4}}))"
)
# The forms of a citation without PMID; `front` is authors and title, `details` are date and numbers.
FORMS = tuple(
    re.compile(form)
    for form in (
        # MDPI's, with full stops behind short forms: `Smith J.A., Roe B. A title. Int. J. Mol. Sci. 2021;22:46.`
        rf"(?P<authors>(?:{DOTTED_AUTHOR}(?=,| et al)|{LAST_NAME},? {UPPER}\.-?{UPPER}\.)"
        rf"(?:(?:, and|,| and| &) {DOTTED_AUTHOR})*(?:,? et al\.)?),? (?P<title>.+?[.?!]) "
        r"(?P<dotted_journal>(?:[A-Z][A-Za-z]{0,14}\.? |of |and |in |& ){0,11}?[A-Z][A-Za-z]{0,14}\.?) "
        rf"(?P<details>{YEAR}[;:.].*)",
        # Springer's: `Aan het Rot M (2010) Safety of x. Biol Psychiatry 67(2):139-145`
        rf"(?P<authors>[^()]+?) \((?P<pub_date>{YEAR})[a-z]?\)[.:]? (?P<title>.+[.?!]) (?P<journal>[^.?!0-9][^.?!]*?) "
        r"(?P<volume>[0-9]+)(?: ?\((?P<issue>[^()]+)\))?: ?(?P<pages>[A-Za-z]?[0-9][-\u2013\w]*)(?P<rest>[.\s].*|$)",
        # NLM's, and the Lancet's, which leaves out the full stop before the year: `Lancet 2001; 357: 1763-67.`
        rf"{FRONT}(?: \[Preprint\])?\.\s?(?P<details>{DATE}(?:{STRONG.pattern}).*)",
        rf"{FRONT}(?<=[^\W\d_)]) (?P<details>{DATE} ?; ?[A-Z]?[0-9]+ ?[:(].*)",
    )
)
ARTICLE_LANGUAGE = re.compile(r"\[(Article in [^\]]+)\]\.?")
# A note on another citation, which may have a date, a DOI and a PMID of its own; it is kept whole, as a flag.
NOTE = re.compile(
    r"\b(?:Erratum|Update|Comment|Expression of concern|Reprint|Dataset (?:described|use reported)|Original report"
    r"|Summary for patients|Retraction|(?:Retracted|Corrected) and republished|Republished) (?:in|of|for|on|from|as): "
)
# What can stand between the PMID of a note and the entry's own.
AFTER_NOTE = re.compile(rf"[.;\s]*(?:[^.\n]{{1,80}}\. {YEAR}\.)?\s*")
LINKS_AT_END = re.compile(
    r"(?:(?:\s*[-\u2013|\[(]\s*|\s+)(?:DOI|PubMed|PMC free article|PMC|Google Scholar|Cross[Rr]ef|Scopus"
    r"|Web of Science)\b[\])]?)+\.?$"
)


@dataclass(frozen=True, kw_only=True)
class Cited:
    """What a page says of a citation, verbatim; None if it does not say, or not for certain.

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


@dataclass(frozen=True)
class SeedEntry(Cited):
    """An entry of one of a seed page's lists.

    Attributes:
        list_name: similar, cited_by or reference; the page's own heading for any other list.
        citation_order: Position in its list, from 1.
        citation_text: The entry as it stands, its lines joined by a space, without bullet.
        flags: Phrases of the entry that are not publication types, in order: Free PMC article, Online ahead of print.
        publication_types: Phrases that are, in order: Review, Clinical Trial.
        resolution: How Entrez found the PMID if the entry gives none: ecitmatch or esearch; otherwise None.
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

    def add(self, **found: str | None) -> None:
        """Keep values that are not empty, the first of each name."""
        self.values = {name: value.strip() for name, value in found.items() if value and value.strip()} | self.values

    def cited(self) -> dict[str, object]:
        """The values as `Cited` takes them."""
        date = self.values.get("pub_date")
        return {**self.values, "pub_year": int(date[:4]) if date else None}


def find_anchors(text: str) -> list[re.Match[str]]:
    """The PMIDs of the entries in a text; one of a note on another citation is skipped if the entry's own follows."""
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
    pmid = next(iter(find_anchors(text)), None)
    parts = Parts()
    # Over its line breaks, where a DOI can be cut.
    take_ids(parts, "" if NOTE.search(lines) else lines[:ENTRY_LENGTH])
    if len(text) <= ENTRY_LENGTH:
        own = LINKS_AT_END.sub("", text[: pmid.start()] if pmid else text).rstrip()
        parse_citation(parts, own, is_reference=list_name in ("reference", "seed"), has_pmid=pmid is not None)
        if pmid:
            take_details(parts, LINKS_AT_END.sub("", text[pmid.end() :]))
    found = pmid or PUBMED_URL.search(text)
    phrases = tuple(dict.fromkeys(parts.phrases))
    return SeedEntry(
        list_name,
        citation_order,
        text,
        pmid=int(found[1]) if found else None,
        flags=tuple(p for p in phrases if not is_publication_type(p)),
        publication_types=tuple(p for p in phrases if is_publication_type(p)),
        **parts.cited(),  # type: ignore[arg-type]
    )


def parse_citation(parts: Parts, text: str, *, is_reference: bool, has_pmid: bool) -> None:
    """Split what stands before the PMID, if its form gives every part a place."""
    dated = DATED.search(text)
    note = NOTE.search(text, dated.end()) if dated else None
    plain = text[: note.start()].rstrip() if note else text
    if language := ARTICLE_LANGUAGE.search(plain):
        parts.phrases.append(language[1])
    place = find_repeated(text, plain)
    if place:
        head, end = place
        parts.phrases += ["Preprint"] if head["preprint"] else []
        front = " ".join(ARTICLE_LANGUAGE.sub(" ", plain[: head.start()]).split())
        # With authors between title and journal, nothing shows where the title ends.
        if not re.search(rf"(?:{AUTHOR}, {AUTHOR}|et al|{AUTHOR}; [^.]+)\.$", front):
            parts.add(title=front)
        parts.add(journal=head["journal"])
        take_details(parts, plain[head.start("date") : end])
    if note:
        parts.phrases.append(text[note.start() : place[1] if place and place[1] > note.start() else None].strip(" ."))
    if place:
        return
    if book := BOOK.fullmatch(plain):
        parts.add(pub_date=book["pub_date"], title=book["title"] if book["again"] and not is_reference else None)
        parts.phrases += [phrase for phrase in (book["updated"], book["source"].strip(" .")) if phrase]
    elif is_reference or not has_pmid:
        parse_reference(parts, plain, is_reference=is_reference)


def find_repeated(text: str, plain: str) -> tuple[re.Match[str], int] | None:
    """Journal and date in `plain`, and where a short citation at the text's end, `Journal. 2014.`, repeats them."""
    short = re.search(rf"(?: \[Preprint\])?\. ?{YEAR}\.?$", text)
    head = text[: short.start()] if short else ""
    starts = [m.end() for m in re.finditer(r"\s", head) if m.start() >= len(head) - JOURNAL_LENGTH]
    # The longest journal first; one that begins a sentence before one that does not.
    for start in sorted(starts, key=lambda s: (not re.match(SENTENCE_END, head[s - 2 :]), s)):
        repeated = re.compile(f"(?P<journal>{re.escape(head[start:])}){DATED.pattern}")
        before = [m for m in repeated.finditer(plain) if m.end() <= start] if head[start:] else []
        if before:
            return before[-1], start
    return None


def parse_reference(parts: Parts, text: str, *, is_reference: bool) -> None:
    """Split a citation without PMID by the first form that it has; without one, take its identifiers."""
    match = next((match for form in FORMS if (match := form.match(text))), None)
    found = match.groupdict() if match else {"rest": text}
    front = (found.pop("front", None) or "").strip()
    if named := AUTHORS_THEN_TITLE.fullmatch(front):
        found |= named.groupdict()
    elif is_reference and not re.search(r"[.?!] \S", front):
        found["title"] = found.get("title") or front
    if dotted := found.pop("dotted_journal", None):
        found["journal"] = dotted.replace(".", "")
    details, rest = found.pop("details", None), found.pop("rest", None)
    parts.add(**found)
    take_details(parts, details or "")
    take_ids(parts, rest or "")


def take_details(parts: Parts, text: str) -> None:
    """Take date, volume, issue and pages from the beginning of a text, then identifiers; the rest is phrases."""
    if date := re.match(DATE, text):
        numbering = re.match(r"[;:].*?(?=\.(?:\s|$|doi|pii|Epub)|\s+(?:doi|pii)\b|$)", text[date.end() :])
        numbers = NUMBERS.fullmatch(numbering[0]) if numbering else None
        parts.add(pub_date=date[0], **(numbers.groupdict() if numbers else {}))
        text = text[date.end() + (numbers.end() if numbers else 0) :]
    parts.phrases += split_phrases(take_ids(parts, text))


def take_ids(parts: Parts, text: str) -> str:
    """Add identifiers and the Epub date; returns the rest of the text."""
    for name, pattern in IDENTIFIERS:
        for match in pattern.finditer(text):
            parts.add(**{name: match[1] and clean_id(("" if name == "doi" else " ").join(match[1].split()))})
        text = pattern.sub(" ", text)
    return text


def clean_id(text: str) -> str:
    """An identifier without the punctuation of the sentence around it; brackets that it opens itself stay."""
    text = text.rstrip(".,;")
    for opening, closing in ("()", "[]"):
        if text.endswith(closing) and text.count(closing) > text.count(opening):
            text = text[:-1].rstrip(".,;")
    return text
