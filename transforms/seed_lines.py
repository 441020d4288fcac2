"""The lines of a seed page: which are headings, bullets, identifiers or buttons, and which belong together.

Every line that is not blank becomes exactly one of: a line of a section, a section's heading, or a line that is ignored
because it is a button, a link or a banner of the web page (IGNORED_LINES and IGNORED say which).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.seed_entry import DATE, DATED, ENTRY_LENGTH, NOTE, PMID, PUBMED_URL, SHORT_CITATION, STRONG, is_journal
from transforms.seed_phrases import are_known_phrases

# Headings of PubMed's pages, in lower case, and the section's name in the tables; '' is the page's own heading.
LISTS = {
    "similar articles": "similar",
    "related articles": "similar",
    "related citations": "similar",
    "related citations in pubmed": "similar",
    "similar articles in pubmed": "similar",
    "cited by": "cited_by",
    "cited by other articles": "cited_by",
    "cited by other articles in pmc": "cited_by",
    "cited by articles": "cited_by",
    "references": "reference",
    "reference": "reference",
}
OTHER_LISTS = frozenset(
    """
comment in
comment on
comments
corrected and republished from
corrected and republished in
dataset described in
dataset use reported in
erratum for
erratum in
expression of concern for
expression of concern in
original report in
reprint in
reprint of
republished from
republished in
retracted and republished from
retracted and republished in
retraction in
retraction of
summary for patients in
update in
update of
cites
cited in
""".strip().splitlines()
)
TERMS = {
    "publication types": "publication_type",
    "publication type": "publication_type",
    "publication type(s)": "publication_type",
    "mesh terms": "mesh_term",
    "mesh term": "mesh_term",
    "mesh headings": "mesh_term",
    "substances": "substance",
    "substance": "substance",
    "grants and funding": "grant",
    "grant support": "grant",
    "grants": "grant",
    "supplementary concepts": "supplementary_concept",
    "personal name as subject": "personal_name_subject",
    "secondary source id": "secondary_source",
    "associated data": "associated_data",
    "keywords": "keyword",
    "conflict of interest statement": "coi_statement",
    "conflict of interest": "coi_statement",
    "copyright": "copyright_information",
    "affiliations": "",
    "author information": "",
    "figures": "",
    "figures and tables": "",
    "full text sources": "",
    "full text links": "",
    "linkout - more resources": "",
    "linkout": "",
    "medical": "",
    "miscellaneous": "",
    "molecular biology databases": "",
    "other literature sources": "",
    "page navigation": "",
    "plain language summary": "",
    "related information": "",
    "research materials": "",
    "sections": "",
    "chemical information": "",
    "supplementary info": "",
    "supplementary information": "",
    "title & authors": "",
}
ABSTRACTS = {"abstract": "abstract", "excerpt": "abstract"}
HEADINGS = ABSTRACTS | LISTS | TERMS | dict.fromkeys(OTHER_LISTS, "")

# Buttons, links and banners of the web page, in lower case: nothing of them is kept but in seed_text.
IGNORED_LINES = frozenset(
    """
...
8600 rockville pike
8600 rockville pike bethesda, md 20894
[x]
\u2026
accessibility
account
action
actions
add to clipboard
add to collection
add to collections
add to favorites
add to search
advanced
affiliations collapse
affiliations expand
an official website of the united states government
authors
authors and affiliations
back to top
bethesda, md 20894
careers
citation manager
cite
clipboard
collapse
collapse all
collections
connect with nlm
copy
copy download .nbib.nbib
create alert
create file
create rss
dashboard
display options
doi
download .nbib
email
expand
expand all
facebook
favorites
foia
follow ncbi
format
format:
full text links[x]
github
help
here's how you know
here\u2019s how you know
hhs
hhs vulnerability disclosure
item in clipboard
linkedin
log in
my bibliography
my ncbi
national library of medicine
ncbi literature resources
next
nih
nih nlm logo
nlm
nlm nih hhs usa.gov
permalink
pmcid
pmid
previous
pubmed disclaimer
pubmed logo
save
saveemailsend to
search
search in mesh
search in nlm catalog
search in pubmed
search results
search:
send to
share
skip to main page content
sm-facebook
sm-twitter
sm-youtube
title
twitter
u.s. flag
usa.gov
user guide
web policies
youtube
""".strip().splitlines()
)
IGNORED = re.compile(
    r"(?:see|show|view) (?:all|more|less|[0-9,]+ more)(?: [\w\"()\u201c\u201d]+){0,4}|show details|hide details"
    r"|the pubmed wordmark .*|ncbi literature resources ?mesh ?pmc.*|mesh ?pmc ?bookshelf.*"
    r"|u\.s\. flagan official website .*|an official website of the united states government .*|nih nlm logolog in"
    r"|access keysncbi homepage.*|[\w, ]{2,60} full text link",
    re.IGNORECASE,
)
# Links behind a reference that stand on lines of their own.
LINK_LINE = re.compile(
    r"[-\u2013|\[(]?\s*(?:DOI|PubMed|PMC|Google Scholar|Cross[Rr]ef|Scopus)(?:[\s\])|,-]+(?:DOI|PubMed|PMC))*[\])]?"
)
BULLET = re.compile(
    r"(?P<bullet>[-\u2010-\u2015\u2212*\u2022\u2023\u25aa\u25ab\u25cf\u25cb\u25e6\u2043\u00b7\u2219o])(?:\s+|$)"
)
NUMBER = re.compile(r"(?P<bullet>\[(?P<a>[0-9]{1,4})\]|\(?(?P<b>[0-9]{1,4})[.)])(?:\s+|$)")
IDENTIFIERS = re.compile(
    r"(?:PMID\s*:\s*(?P<pmid>[0-9]+(?=[^\w]|$|DOI|PMC|Bookshelf)|\S+)|PMCID\s*:\s*(?P<pmc_id>\S+)"
    r"|Bookshelf ID\s*:\s*(?P<bookshelf_id>NBK[0-9]+)|DOI\s*:\s*(?:https?://(?:dx\.)?doi\.org/)?"
    r"(?P<doi>\S+))[\s;,|.]*(?:\[Indexed for MEDLINE\]\s*)?",
    re.IGNORECASE,
)
CONTINUES = re.compile(
    r"(?:PMID|PMCID|doi|DOI|Epub|eCollection|Print|pii)\b|(?:19|20)[0-9]{2}(?:\.|$)|[-\u2013]\s|[a-z(;,]"
)
ENDS_ENTRY = re.compile(r"(?:\.|\b(?:DOI|PubMed|PMC)[\])]?)$")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))

MARKDOWN_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(https?://(?:[^()\s]|\([^()\s]*\))*(?: \"[^\"]*\")?\)")
MARKDOWN_BOLD = re.compile(r"(?<!\S)(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?!\S)")

# The first line of a page in the format "Abstract (text)", and the paragraph, from 0, that holds its authors.
ABSTRACT_FORMAT = re.compile(rf"[0-9]{{1,5}}\. [^.?!]+\. {DATE}[;:.]")
AUTHORS_PARAGRAPH = 2
ABSTRACT_LABEL = re.compile(r"[A-Z][A-Z /&,()-]+: ")

MIN_WRAP_WIDTH = 50
MAX_WRAP_WIDTH = 130
FRONT_MATTER_LINES = 20


@dataclass(frozen=True)
class Line:
    """A line that is not blank: its number in the file from 1, its text with single spaces, if a blank one precedes."""

    number: int
    text: str
    after_blank: bool = False


@dataclass
class Section:
    """A heading and the lines below it; the lines above the first heading have the heading ''."""

    heading: str
    name: str
    number: int
    lines: list[Line] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        """Whether the lines are citations."""
        key = heading_key(self.heading)
        return key in LISTS or key in OTHER_LISTS


def read_lines(text: str) -> list[Line]:
    """The lines of a text that are not blank, in order; Windows and old Macintosh line ends end a line too."""
    lines = []
    after_blank = False
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = normalise(raw)
        if line:
            lines.append(Line(number, line, after_blank))
        after_blank = not line
    return lines


def normalise(text: str) -> str:
    """A text with single spaces for any white space, without characters that cannot be seen and Markdown's marks."""
    text = " ".join(text.translate(INVISIBLE).split())
    if "](http" in text:
        text = MARKDOWN_LINK.sub(r"\1", text)
    return MARKDOWN_BOLD.sub(r"\2", text) if "**" in text or "__" in text else text


def heading_key(line: str) -> str:
    """A line as headings are looked up: without Markdown's marks, bullet, colon and count, in lower case."""
    text = re.sub(r"^(?:#+ |\*\*|__)|(?:\*\*|__)$", "", line)
    text = re.sub(r"\s*(?:[(\[][0-9,]+[)\]])?\s*:?$", "", text)
    text = re.sub(r"(?i)^abstract in [a-z, ]+$", "abstract", text)
    text = re.sub(r"(?i)^cited by [0-9,]+ (?:pubmed central )?articles?$", "cited by", text)
    return strip_bullet(text).lower()


def is_heading(line: str) -> bool:
    """Whether a line is one of the headings that PubMed's pages have."""
    return heading_key(line) in HEADINGS


def is_ignored(line: str) -> bool:
    """Whether a line is a button, a link or a banner: nothing of it is kept but in seed_text."""
    text = strip_bullet(line)
    return (
        not text
        or text == "---"
        or text.lower() in IGNORED_LINES
        or IGNORED.fullmatch(text) is not None
        or LINK_LINE.fullmatch(text) is not None
    )


def strip_bullet(line: str) -> str:
    """A line without a leading dash, dot or star."""
    match = BULLET.match(line)
    return line[match.end() :] if match and match["bullet"] != "o" else line


def read_sections(lines: Sequence[Line]) -> list[Section]:
    """The page's sections in order; the one above the first heading has number 0, and a heading may come twice."""
    sections = read_abstract_format(lines)
    if sections is not None:
        return sections
    front_matter, lines = split_front_matter(lines)
    sections = [*front_matter, Section("", "", 0)]
    for line in lines:
        if is_heading(line.text):
            heading = strip_bullet(line.text).rstrip(": ")
            sections.append(Section(heading, HEADINGS[heading_key(line.text)] or heading, line.number))
        else:
            sections[-1].lines.append(line)
    return sections


def split_front_matter(lines: Sequence[Line]) -> tuple[list[Section], Sequence[Line]]:
    """The block between two lines `---` that some programs put above a page, as a section, and the lines below it."""
    rules = [index for index, line in enumerate(lines[:FRONT_MATTER_LINES]) if line.text == "---"]
    if len(rules) < 2 or rules[0] != 0:
        return [], lines
    return [Section("---", "front_matter", 1, list(lines[1 : rules[1]]))], lines[rules[1] + 1 :]


def read_abstract_format(lines: Sequence[Line]) -> list[Section] | None:
    """The sections of a page in PubMed's format "Abstract (text)"; None if it is in another format.

    It has no headings but those of lists. Its paragraphs are set apart by blank lines: `1. Journal. Date;...`, title,
    authors, author information, lists such as Comment in, the abstract's paragraphs, identifiers.
    """
    paragraphs: list[list[Line]] = []
    for line in lines:
        if line.after_blank or not paragraphs:
            paragraphs.append([])
        paragraphs[-1].append(line)
    if len(paragraphs) < 3 or not ABSTRACT_FORMAT.match(paragraphs[0][0].text):
        return None
    header, abstract = Section("", "", 0), Section("Abstract", "abstract", lines[0].number)
    sections = [header, abstract]
    for index, paragraph in enumerate(paragraphs):
        first = paragraph[0]
        joined = Line(first.number, " ".join(line.text for line in paragraph))
        if index == 0:
            header.lines.append(Line(first.number, NUMBER.sub("", joined.text, count=1)))
        elif index <= AUTHORS_PARAGRAPH:
            header.lines.append(joined)
        elif is_heading(first.text):
            heading = first.text.rstrip(": ")
            sections.append(Section(heading, HEADINGS[heading_key(heading)] or heading, first.number, paragraph[1:]))
        elif IDENTIFIERS.match(first.text):
            header.lines += paragraph
        else:
            for line in paragraph:
                if line is first or ABSTRACT_LABEL.match(line.text):
                    abstract.lines.append(line)
                else:
                    abstract.lines[-1] = Line(abstract.lines[-1].number, f"{abstract.lines[-1].text} {line.text}")
    return sections


def page_width(lines: Sequence[Line]) -> int:
    """The width at which a page's lines were wrapped; 0 if they were not."""
    lengths = [len(line.text) for line in lines]
    width = max(lengths, default=0)
    is_wrapped_page = sum(length > width - 15 for length in lengths) >= 4
    return width if MIN_WRAP_WIDTH <= width <= MAX_WRAP_WIDTH and is_wrapped_page else 0


def is_wrapped(before: str, after: str, width: int) -> bool:
    """Whether a line ended only because its successor's first word did not fit into the page's width."""
    return width > 0 and len(before) + 1 + len(after.split(" ", 1)[0]) > width


def unwrap(lines: Sequence[Line], width: int) -> list[str]:
    """The texts of lines, those joined that follow each other and were wrapped at the page's width."""
    joined: list[str] = []
    before = Line(-1, "")
    for line in lines:
        if joined and line.number == before.number + 1 and is_wrapped(before.text, line.text, width):
            joined[-1] += f" {line.text}"
        else:
            joined.append(line.text)
        before = line
    return joined


@dataclass
class Group:
    """The lines of one entry, and the heading above it where that is none of PubMed's known ones."""

    heading: str
    lines: list[Line]

    @property
    def text(self) -> str:
        """Its lines joined."""
        return " ".join(line.text for line in self.lines)


def group_entries(section: Section, width: int) -> list[Group]:
    """The entries of a list in order, each with its lines.

    A bullet begins an entry where the list has bullets; otherwise one begins after the PMID of the entry before and the
    phrases that follow it, or after a whole citation.
    """
    lines = [line for line in section.lines if is_bare_bullet(line.text) or not is_ignored(line.text)]
    bulleted = bool(lines) and (
        BULLET.match(lines[0].text) is not None or any(is_bare_bullet(line.text) for line in lines)
    )
    groups: list[Group] = []
    heading = ""
    number = 0
    is_new = True
    for index, line in enumerate(lines):
        count = next_number(line.text, number)
        match = NUMBER.match(line.text) if count else BULLET.match(line.text) if bulleted else None
        text = line.text[match.end() :] if match else line.text
        number = count or number
        # A bullet can have a number behind it.
        if match and not count and (count := next_number(text, number)):
            number, text = count, NUMBER.sub("", text, count=1)
        is_new = is_new or match is not None
        if not text:
            continue
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        if not match and groups and is_unknown_heading(groups, text, following, bulleted=bulleted):
            heading, is_new, number = text, True, 0
            continue
        if is_new or begins_entry(groups[-1], line, bulleted=bulleted, width=width, list_name=section.name):
            groups.append(Group(heading, [Line(line.number, text)]))
        else:
            groups[-1].lines.append(Line(line.number, text))
        is_new = False
    return groups


def is_bare_bullet(line: str) -> bool:
    """Whether a line is a bullet or number and nothing else."""
    match = BULLET.fullmatch(line) or NUMBER.fullmatch(line)
    return match is not None


def next_number(line: str, number: int) -> int:
    """The number that a line begins with if it goes on counting; 0 otherwise: a title can begin with `5.` too."""
    match = NUMBER.match(line)
    found = int(match["a"] or match["b"]) if match else 0
    return found if found == number + 1 else 0


def begins_entry(group: Group, line: Line, *, bulleted: bool, width: int, list_name: str) -> bool:
    """Whether a line without bullet begins an entry, `group` being the one before it."""
    text = group.text
    if len(text) > ENTRY_LENGTH:
        return True
    pmid = PMID.search(text)
    if pmid:
        if are_known_phrases(f"{text[pmid.end() :]} {line.text}") or IDENTIFIERS.match(line.text):
            return False
        return PMID.search(line.text) is not None or not bulleted
    if bulleted or CONTINUES.match(line.text) or NOTE.match(line.text):
        return False
    before = group.lines[-1].text
    is_reference = list_name == "reference"
    whole = is_whole(text, is_reference=is_reference) and not repeats_journal(text, line.text)
    # References of one length each look like lines wrapped at that length.
    if is_wrapped(before, line.text, width) and not (is_reference and whole and ENDS_ENTRY.search(before)):
        return False
    return whole or (is_reference and line.after_blank)


def is_whole(text: str, *, is_reference: bool) -> bool:
    """Whether an entry without PMID has come to its date, so that it need not go on."""
    if PUBMED_URL.search(text) or (SHORT_CITATION.search(text) and len(DATED.findall(text)) > 1):
        return True
    if any(STRONG.match(text, match.end()) for match in DATED.finditer(text)):
        return True
    return is_reference and len(text) > 40 and re.search(r"\b(?:19|20)[0-9]{2}\b", text) is not None


def repeats_journal(text: str, line: str) -> bool:
    """Whether a line begins with the short citation, `Journal. 2014.`, of the entry so far."""
    match = DATED.search(line)
    return match is not None and is_journal(line[: match.start()]) and f"{line[: match.start()]}. " in text


def is_unknown_heading(groups: Sequence[Group], line: str, following: str, *, bulleted: bool) -> bool:
    """Whether a line between two whole entries is a heading that PubMed's pages do not have as far as is known."""
    if len(line) > 60 or line[-1] in ".?!;,:" or PMID.search(line) or are_known_phrases(line):
        return False
    if not PMID.search(groups[-1].text):
        return False
    if bulleted:
        return BULLET.match(following) is not None
    return all(len(group.lines) == 1 for group in groups) and PMID.search(following) is not None
