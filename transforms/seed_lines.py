"""The lines of a seed page: its markup taken out, its sections by their headings, the entries of its lists."""

import html
import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from transforms.saved_page import LINKED_PMID
from transforms.seed_entry import AUTHOR, DATED, NOTE, PMID, STRONG, find_anchors
from transforms.seed_phrases import PHRASES, are_known_phrases, listed


def named(text: str) -> dict[str, str]:
    """Names by heading, from lines `name: heading; heading`; in a line without a name, each heading is its own."""
    parts = (line.partition(":") for line in text.strip().splitlines())
    return {heading: name for name, _, headings in parts for heading in listed(headings)}


# Headings of PubMed's pages in lower case, by their section's name in the tables.
LISTS = named("""
similar: similar articles; related articles; related citations; similar articles in pubmed
cited_by: cited by; cited by other articles; cited by other articles in pmc; cited by articles
reference: references; reference
""")
TIES = listed("""
comment in; comment on; corrected and republished from; corrected and republished in; dataset described in; dataset use
reported in; erratum for; erratum in; expression of concern for; expression of concern in; original report in; reprint
in; reprint of; republished from; republished in; retracted and republished from; retracted and republished in;
retraction in; retraction of; summary for patients in; update in; update of
""")
LIST_HEADINGS = LISTS | dict.fromkeys(TIES | listed("comments; cites; cited in"), "")
HEADINGS = LIST_HEADINGS | named("""
abstract: abstract; excerpt
navigation: title & authors; page navigation
publication_type: publication types; publication type; publication type(s)
mesh_term: mesh terms; mesh term; mesh headings
substance: substances; substance
grant: grants and funding; grant support; grants
coi_statement: conflict of interest statement; conflict of interest
affiliation: affiliations; affiliation; author information
supplementary_concept: supplementary concepts
personal_name_subject: personal name as subject
secondary_source: secondary source id
associated_data: associated data
keyword: keywords
copyright_information: copyright
: figures; figures and tables; full text sources; full text links; linkout - more resources; linkout; medical; sections
: miscellaneous; molecular biology databases; other literature sources; plain language summary; related information
: research materials; chemical information; supplementary info
""")

# Buttons, links and banners of the web page, in lower case; they are kept only in seed_text.
IGNORED_LINES = listed("""
8600 rockville pike; 8600 rockville pike bethesda, md 20894; [x]; accessibility; account; action; actions; add to
clipboard; add to collection; add to collections; add to favorites; add to search; advanced; affiliations collapse;
affiliations expand; an official website of the united states government; authors; authors and affiliations; back to
top; bethesda, md 20894; careers; citation manager; cite; clipboard; collapse; collapse all; collections; connect with
nlm; copy; copy download .nbib.nbib; create alert; create file; create rss; dashboard; display options; doi; download
.nbib; email; expand; expand all; facebook; favorites; foia; follow ncbi; format; format:; full text links[x]; github;
help; here's how you know; here\u2019s how you know; hhs; hhs vulnerability disclosure; item in clipboard; linkedin;
log in; my bibliography; my ncbi; national library of medicine; ncbi literature resources; next; nih; nih nlm logo;
nlm; nlm nih hhs usa.gov; permalink; pmcid; pmid; previous; pubmed disclaimer; pubmed logo; save; saveemailsend to;
search; search in mesh; search in nlm catalog; search in pubmed; search results; search:; send to; share; skip to main
page content; sm-facebook; sm-twitter; sm-youtube; title; twitter; u.s. flag; usa.gov; user guide; web policies;
youtube
""")
IGNORED = re.compile(
    r"(?:see|show|view) (?:all|more|less|[0-9,]+ more)(?: [\w\"()\u201c\u201d]+){0,4}|(?:show|hide) details|\u2026"
    r"|the pubmed wordmark .*|ncbi literature resources ?mesh ?pmc.*|mesh ?pmc ?bookshelf.*|[-=_*~#|+\s]{3,}"
    r"|u\.s\. flagan official website .*|an official website of the united states government .*|nih nlm logolog in"
    r"|access keysncbi homepage.*|[\w, ]{2,60} full text link|(?:search:)?(?:advanced|user guide)+|create file cancel"
    r"|[-\u2013|\[(]?\s*(?:doi|pubmed|pmc|google scholar|crossref|scopus)(?:[\s\])|,-]+(?:doi|pubmed|pmc))*[\])]?",
    re.IGNORECASE,
)
BULLET = re.compile(r"([-\u2010-\u2015\u2212*+\u2022\u2023\u25a0-\u25ff\u2043\u00b7\u2219o])(?:\s+|$)")
NUMBER = re.compile(r"(?:\[([0-9]{1,4})\]|\(?([0-9]{1,4})[.)])(?:\s+|$)")
# How a line that continues the citation above begins, and how the last line of a citation ends.
CONTINUES = re.compile(
    r"(?:PMID|PMCID|doi|DOI|Epub|eCollection|Print|pii)\b|(?:19|20)[0-9]{2}(?:\.|$)|[-\u2013]\s|(?!"
    rf"{AUTHOR}[,.])[a-z(;,]"
)
ENDS_ENTRY = re.compile(r"(?:\.|\b(?:DOI|PubMed|PMC)[\])]?|/)$")

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
TAG = re.compile(
    r"</?(?:a|aside|b|br|button|div|em|figure|footer|form|h[1-6]|header|hr|i|img|input|label|li|main|nav|ol|p|section|span"
    r"|strong|sub|sup|svg|u|ul)(?:\s[^<>]*)?/?>"
)
# A name such as [18F](R)-x is not a link.
MARKDOWN_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:[/#?.]|https?:|file:|mailto:)(?:[^()\"]|\([^()]*\))*?)>?(?:\s+\"[^\"]*\")?\s*\)"
)
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#[0-9]{1,5});")
BOLD = re.compile(r"(?<!\S)(?:\*\*|__)(?=\S)|(?<=\S)(?:\*\*|__)(?=[\s.,;:)]|$)")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~^])")
# What lynx appends: the addresses of a page's links, each with the number that stands before the link's words.
LINK_TABLE = re.compile(
    r"\n\s*References\s*\n(?:\s*(?:Visible|Hidden) links:?\s*\n)?\s*1\. (?:https?|file|javascript)[\S\s]*"
)
NUMBERED_LINK = re.compile(r"\[([0-9]{1,5})\](PubMed|DOI)?")

MIN_WRAP_WIDTH = 50
MAX_WRAP_WIDTH = 160
NAVIGATION_LENGTH = 3
LONGEST_ENTRY = 10_000


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
        return heading_key(self.heading) in LIST_HEADINGS


def link_words(words: str, address: str) -> str:
    """What is kept of a link: its words, or its address if they only name the target."""
    address = "".join(address.split())
    if words == "DOI" and "doi.org/10." in address:
        return address
    found = LINKED_PMID.fullmatch(address) if words == "PubMed" else None
    return f"https://pubmed.ncbi.nlm.nih.gov/{found[1]}/" if found else words


def take_out_markup(text: str) -> str:
    """A text without Markdown, tags, marks of buttons and numbers of links."""
    text = ENTITY.sub(lambda m: html.unescape(m[0]), text.translate(INVISIBLE).replace("(BUTTON)", ""))
    if table := LINK_TABLE.search(text):
        links = dict(re.findall(r"(?m)^\s*([0-9]+)\. (\S+)", table[0]))
        text = NUMBERED_LINK.sub(lambda m: link_words(m[2] or "", links.get(m[1], "")), text[: table.start()])
    text = MARKDOWN_LINK.sub(lambda m: link_words(m[1], m[2]), TAG.sub("", text))
    return ESCAPED.sub(r"\1", BOLD.sub("", text))


def read_lines(text: str) -> list[Line]:
    """The lines of a text that are not blank, in order; one that is underlined by `=` is marked as a title."""
    lines: list[Line] = []
    after_blank = False
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", take_out_markup(text)), 1):
        line = " ".join(raw.split())
        before = lines[-1] if lines else Line(0, "")
        if re.fullmatch("={3,}", line) and lines and not after_blank:
            lines[-1] = Line(before.number, f"# {before.text.removeprefix('# ')}", before.after_blank)
        elif line and re.fullmatch(r"\W*(?:PMID|PMCID|DOI)\s*:", before.text):
            lines[-1] = Line(before.number, f"{before.text} {line}", before.after_blank)
        elif line and not re.fullmatch("-{4,}", line):
            lines.append(Line(number, line, after_blank))
        after_blank = not line
    return lines


def heading_key(line: str) -> str:
    """A line as headings are looked up: without marks, bullet, colon and count, in lower case."""
    text = re.sub(r"^[\s>#*+\u2022\u25a1|\u2013-]+|[*_\s]+$", "", line)
    text = re.sub(r"\s*(?:[(\[][0-9,]+[)\]])?\s*:?$", "", text).lower()
    text = re.sub(r"^abstract in [a-z, ]+$", "abstract", text)
    return re.sub(r"^cited by [0-9,]+ (?:pubmed central )?articles?$", "cited by", text)


def is_heading(line: str) -> bool:
    """Whether a line is one of the headings that PubMed's pages have."""
    return heading_key(line) in HEADINGS


def strip_bullet(line: str) -> str:
    """A line without a leading dash, dot or star."""
    match = BULLET.match(line)
    return line[match.end() :] if match and match[1] != "o" else line


def is_ignored(line: str) -> bool:
    """Whether a line is a button, a link or a banner, which is kept only in seed_text."""
    text = strip_bullet(line)
    return not text or text.lower() in IGNORED_LINES or IGNORED.fullmatch(text) is not None


def read_sections(lines: Sequence[Line]) -> list[Section]:
    """The page's sections in order; the one above the first heading has number 0, and a heading may come twice.

    A block between two lines `---` at the top is a section `front_matter`; consecutive headings, `Abstract` among
    them, are the page's navigation, and what follows them is under no heading.
    """
    sections = [Section("", "", 0)]
    rules = [place for place, line in enumerate(lines[:40]) if line.text == "---"]
    if len(rules) > 1 and not rules[0]:
        sections.insert(0, Section("---", "front_matter", 1, list(lines[1 : rules[1]])))
        lines = lines[rules[1] + 1 :]
    for line in lines:
        if is_heading(line.text):
            heading = strip_bullet(re.sub(r"^#+ ", "", line.text)).rstrip(": ")
            sections.append(Section(heading, HEADINGS[heading_key(line.text)] or heading, line.number))
        else:
            sections[-1].lines.append(line)
    return drop_navigation(sections)


def drop_navigation(sections: Sequence[Section]) -> list[Section]:
    """The sections without those that only name places of the page."""
    kept: list[Section] = []
    run: list[Section] = []
    for section in sections:
        run.append(section)
        if section.lines or section is sections[-1]:
            names = {one.name for one in run}
            if len(run) >= NAVIGATION_LENGTH and names & {"abstract", "navigation"} and section.name != "abstract":
                run = [*(one for one in run[:1] if not one.number), Section("", "", section.number, section.lines)]
            kept, run = kept + run, []
    return kept


def page_width(lines: Sequence[Line]) -> int:
    """The width at which a page's lines were wrapped; 0 if they were not."""
    lengths = [len(line.text) for line in lines]
    width = max(lengths, default=0)
    is_wrapped_page = sum(length > width - 15 for length in lengths) >= 4
    return width if MIN_WRAP_WIDTH <= width <= MAX_WRAP_WIDTH and is_wrapped_page else 0


def is_wrapped(before: str, after: str, width: int) -> bool:
    """Whether a line ended only because the first word of the next did not fit into the page's width."""
    return width > 0 and len(before) + 1 + len(after.split(" ", 1)[0]) > width


def unwrap(lines: Sequence[Line], width: int) -> list[str]:
    """The texts of lines; wrapped lines, and those that continue below a bullet, are joined."""
    joined: list[str] = []
    before = Line(-1, "")
    has_bullets = bool(lines) and BULLET.match(lines[0].text) is not None
    for line in lines:
        goes_on = has_bullets and not line.after_blank and not BULLET.match(line.text)
        is_next = line.number == before.number + 1
        is_start = is_ignored(line.text) or BULLET.match(line.text)
        if joined and is_next and not is_start and (is_wrapped(before.text, line.text, width) or goes_on):
            joined[-1] += f" {line.text}"
        else:
            joined.append(line.text)
        before = line
    return joined


def group_entries(section: Section, width: int) -> list[tuple[str, str]]:
    """The entries of a list in order: the heading above each, and its lines, joined by line breaks.

    Bullets or numbers begin entries if the first line has one. A line between two such entries that looks like a
    heading is one.
    """
    lines = [line for line in section.lines if is_bare(line.text) or not is_ignored(line.text)]
    mark = read_mark(lines[0].text, 1)[0] if lines else ""
    mark = mark or next((line.text for line in lines if BULLET.fullmatch(line.text)), "")
    groups = group_marked(lines, mark, section.name) if mark else [(section.name, lines)]
    is_reference = section.name == "reference"
    return [
        (name, entry)
        for name, group in groups
        for entry in split_entries(group, width, is_marked=bool(mark), is_reference=is_reference)
    ]


def group_marked(lines: Sequence[Line], mark: str, heading: str) -> list[tuple[str, list[Line]]]:
    """The lines from each bullet or number to the next, without it, below the heading above them.

    Args:
        lines: Of a list.
        mark: Its bullet; `1` for numbers.
        heading: The one above the list.
    """
    groups: list[tuple[str, list[Line]]] = [(heading, [])]
    number = 1
    for line, following in zip_longest(lines, lines[1:]):
        found, text = read_mark(line.text, number)
        if found == mark:
            groups.append((groups[-1][0], []))
            number += mark == "1"
        else:
            text = line.text
        # Lists whose numbers are text have a number behind the bullet.
        if not groups[-1][1] and read_mark(text, number)[0] == "1":
            number, text = number + 1, read_mark(text, number)[1]
        is_between = following and text == line.text and read_mark(following.text, 1)[0] == mark
        if is_between and is_list_heading(groups[-1][1], text):
            groups.append((text, []))
            number = 1
        elif text:
            groups[-1][1].append(Line(line.number, text, line.after_blank))
    return groups


def is_bare(line: str) -> bool:
    """Whether a line is a bullet or number and nothing else."""
    return (BULLET.fullmatch(line) or NUMBER.fullmatch(line)) is not None


def read_mark(line: str, number: int) -> tuple[str, str]:
    """The bullet of a line, or `1` for the expected number, and what follows; '' and the line if it has neither."""
    found = NUMBER.match(line)
    if found and int(found[1] or found[2]) == number:
        return "1", line[found.end() :]
    bullet = BULLET.match(line)
    return (bullet[1], line[bullet.end() :]) if bullet else ("", line)


def is_list_heading(group: Sequence[Line], line: str) -> bool:
    """Whether a line between a whole entry and a bullet is a heading that PubMed's pages have not had so far."""
    is_short = len(line) <= 60 and line[-1] not in ".?!;,:" and not are_known_phrases(line)
    return is_short and bool(find_anchors("\n".join(one.text for one in group)))


def split_entries(lines: Sequence[Line], width: int, *, is_marked: bool, is_reference: bool) -> list[str]:
    """The entries that some lines hold.

    An entry ends after its PMID and the phrases that follow it; without a PMID, at the end of a line, if it is a whole
    citation by then and the next line does not continue it. From one mark to the next is one entry, unless there are
    several PMIDs.
    """
    text = "\n".join(line.text for line in lines)
    ends = [end_of_phrases(text, anchor.end(), is_marked=is_marked) for anchor in find_anchors(text)]
    if is_marked and len(ends) < 2:
        return [text] if text else []
    cuts = [0]
    position, passed = -1, 0
    for before, after in zip_longest(lines, lines[1:]):
        position += 1 + len(before.text)
        done, passed = passed, bisect(ends, position)
        cuts += ends[done:passed]
        if after and cuts[-1] != position:
            # What stands before a PMID is another entry only if what follows it has a date of its own.
            ahead = slice(position, min(ends[passed], position + LONGEST_ENTRY)) if passed < len(ends) else None
            is_whole = is_end(text[cuts[-1] : position], before, after, width, is_reference=is_reference)
            is_too_long = position - cuts[-1] > LONGEST_ENTRY
            if is_too_long or (is_whole and (ahead is None or has_strong_date(text[ahead]))):
                cuts.append(position)
    return [entry for start, end in pairwise([*cuts, len(text)]) if (entry := text[start:end].strip())]


def end_of_phrases(text: str, end: int, *, is_marked: bool) -> int:
    """Where the phrases that begin at `end` stop; an unknown phrase ends with its line."""
    found = PHRASES.match(text, end)
    end = found.end() if found else end
    line_end = text.find("\n", end) % (len(text) + 1)
    is_phrase = is_marked or (line_end - end <= 60 and text.endswith(".", end, line_end))
    return line_end if is_phrase and not PMID.search(text, end, line_end) else end


def has_strong_date(text: str) -> bool:
    """Whether a text has a date that is certainly a citation's."""
    return any(STRONG.match(text, found.end()) for found in DATED.finditer(text))


def is_end(entry: str, before: Line, after: Line, width: int, *, is_reference: bool) -> bool:
    """Whether an entry ends between two lines: it is whole, or a reference before a blank line."""
    if is_reference and after.after_blank:
        return True
    was_wrapped = is_wrapped(before.text, after.text, width) and not ENDS_ENTRY.search(before.text)
    if was_wrapped or CONTINUES.match(after.text) or NOTE.match(after.text):
        return False
    text = entry[-2_000:]
    return has_strong_date(text) or (
        is_reference and len(text) > 40 and re.search(r"\b(?:19|20)[0-9]{2}\b", text) is not None
    )
