"""The lines of a seed page: its markup taken out, its sections by their headings, the entries of its lists."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from transforms.seed_entry import AUTHOR, DATED, NOTE, PMID, STRONG, find_anchors
from transforms.seed_phrases import PHRASES, are_known_phrases, listed

# Headings of PubMed's pages in lower case, and the section's name in the tables; '' is the page's own heading.
LISTS = {
    **dict.fromkeys(
        listed("similar articles; related articles; related citations; similar articles in pubmed"), "similar"
    ),
    **dict.fromkeys(
        listed("cited by; cited by other articles; cited by other articles in pmc; cited by articles"), "cited_by"
    ),
    **dict.fromkeys(listed("references; reference"), "reference"),
}
TIES = listed("""
comment in; comment on; corrected and republished from; corrected and republished in; dataset described in; dataset use
reported in; erratum for; erratum in; expression of concern for; expression of concern in; original report in; reprint
in; reprint of; republished from; republished in; retracted and republished from; retracted and republished in;
retraction in; retraction of; summary for patients in; update in; update of
""")
OTHER_LISTS = listed("comments; cites; cited in")
SECTIONS = {
    "abstract": "abstract",
    "excerpt": "abstract",
    "title & authors": "navigation",
    "page navigation": "navigation",
    **dict.fromkeys(listed("publication types; publication type; publication type(s)"), "publication_type"),
    **dict.fromkeys(listed("mesh terms; mesh term; mesh headings"), "mesh_term"),
    **dict.fromkeys(listed("substances; substance"), "substance"),
    **dict.fromkeys(listed("grants and funding; grant support; grants"), "grant"),
    **dict.fromkeys(listed("conflict of interest statement; conflict of interest"), "coi_statement"),
    **dict.fromkeys(listed("affiliations; affiliation; author information"), "affiliation"),
    "supplementary concepts": "supplementary_concept",
    "personal name as subject": "personal_name_subject",
    "secondary source id": "secondary_source",
    "associated data": "associated_data",
    "keywords": "keyword",
    "copyright": "copyright_information",
    **dict.fromkeys(
        listed("""
figures; figures and tables; full text sources; full text links; linkout - more resources; linkout; medical; sections;
miscellaneous; molecular biology databases; other literature sources; plain language summary; related information;
research materials; chemical information; supplementary info
"""),
        "",
    ),
}
HEADINGS = SECTIONS | LISTS | dict.fromkeys(TIES | OTHER_LISTS, "")

# Buttons, links and banners of the web page, in lower case: nothing of them is kept but in seed_text.
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
CONTINUES = re.compile(
    r"(?:PMID|PMCID|doi|DOI|Epub|eCollection|Print|pii)\b|(?:19|20)[0-9]{2}(?:\.|$)|[-\u2013]\s|[a-z(;,]"
)
ONE_AUTHOR = re.compile(rf"{AUTHOR}[,.]")
ENDS_ENTRY = re.compile(r"(?:\.|\b(?:DOI|PubMed|PMC)[\])]?|/)$")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
TAG = re.compile(
    r"</?(?:a|aside|b|br|button|div|em|figure|footer|form|h[1-6]|header|hr|i|img|input|label|li|main|nav|ol|p|section|span"
    r"|strong|sub|sup|svg|u|ul)(?:\s[^<>]*)?/?>"
)
# A name such as [18F](R)-x is no link.
MARKDOWN_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:[/#?.]|https?:|file:|mailto:)(?:[^()<>\"]|\([^()]*\))*?)>?(?:\s+\"[^\"]*\")?\s*\)"
)
BOLD = re.compile(r"(?<!\S)(?:\*\*|__)(?=\S)|(?<=\S)(?:\*\*|__)(?=[\s.,;:)]|$)")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~^])")
# What lynx appends: the addresses of a page's links, each with the number that stands before the link's words.
LINK_TABLE = re.compile(
    r"\n\s*References\s*\n(?:\s*(?:Visible|Hidden) links:?\s*\n)?\s*1\. (?:https?|file|javascript)[\S\s]*"
)
NUMBERED_LINK = re.compile(r"\[([0-9]{1,5})\](PubMed|DOI)?")
ADDRESS = re.compile(
    r"(?:file:/*|https?://(?:pubmed\.|www\.)?ncbi\.nlm\.nih\.gov/(?:pubmed/)?|/)([0-9]{1,9})/?(?:[?#].*)?"
)

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
        return heading_key(self.heading) in LISTS.keys() | TIES | OTHER_LISTS


def link_words(words: str, address: str) -> str:
    """What stays of a link: its words, or its address if they only name where it leads to."""
    address = "".join(address.split())
    if words == "DOI" and "doi.org/10." in address:
        return address
    found = ADDRESS.fullmatch(address) if words == "PubMed" else None
    return f"https://pubmed.ncbi.nlm.nih.gov/{found[1]}/" if found else words


def take_out_markup(text: str) -> str:
    """A text without Markdown's marks, tags, buttons' marks and numbers of links."""
    text = text.translate(INVISIBLE).replace("(BUTTON)", "")
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
        if re.fullmatch("={3,}", line) and lines and not after_blank:
            lines[-1] = Line(lines[-1].number, f"# {lines[-1].text.removeprefix('# ')}", lines[-1].after_blank)
        elif line and lines and re.fullmatch(r"\W*(?:PMID|PMCID|DOI)\s*:", lines[-1].text):
            lines[-1] = Line(lines[-1].number, f"{lines[-1].text} {line}", lines[-1].after_blank)
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
    """Whether a line is a button, a link or a banner: nothing of it is kept but in seed_text."""
    text = strip_bullet(line)
    return not text or text.lower() in IGNORED_LINES or IGNORED.fullmatch(text) is not None


def read_sections(lines: Sequence[Line]) -> list[Section]:
    """The page's sections in order; the one above the first heading has number 0, and a heading may come twice.

    A block between two lines `---` at the top is a section `front_matter`; headings one below the other, `Abstract`
    among them, are the page's navigation, and what follows them stands under no heading.
    """
    sections = [Section("", "", 0)]
    rules = [place for place, line in enumerate(lines[:40]) if line.text == "---"]
    if len(rules) > 1 and not rules[0]:
        end = rules[1]
        sections.insert(0, Section("---", "front_matter", 1, list(lines[1:end])))
        lines = lines[end + 1 :]
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
    lengths = sorted(len(line.text) for line in lines)
    width = lengths[-1] if lengths else 0
    is_wrapped_page = sum(length > width - 15 for length in lengths) >= 4
    return width if MIN_WRAP_WIDTH <= width <= MAX_WRAP_WIDTH and is_wrapped_page else 0


def is_wrapped(before: str, after: str, width: int) -> bool:
    """Whether a line ended only because its successor's first word did not fit into the page's width."""
    return width > 0 and len(before) + 1 + len(after.split(" ", 1)[0]) > width


def unwrap(lines: Sequence[Line], width: int) -> list[str]:
    """The texts of lines; those are joined that follow each other and were wrapped, or go on below a bullet."""
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

    Bullets begin entries if the first line has one. Otherwise an entry ends behind its PMID and the phrases that
    follow it, or if it has none, behind a whole citation. A line between two bulleted entries that looks like a heading
    is one.
    """
    lines = [line for line in section.lines if is_bare(line.text) or not is_ignored(line.text)]
    mark = mark_of(lines[0].text, 0) if lines else ""
    mark = mark or ("-" if any(BULLET.fullmatch(line.text) for line in lines) else "")
    groups: list[tuple[str, list[Line]]] = []
    heading, number = section.name, 0
    for index, line in enumerate(lines):
        found = mark_of(line.text, number) if mark else ""
        text = line.text
        if found and (found == mark or (found == "1" and not groups)):
            text = (NUMBER if found == "1" else BULLET).sub("", text, count=1)
            groups.append((heading, []))
            number += found == "1"
        if mark_of(text, number) == "1" and not (groups and groups[-1][1]):
            number, text = number + 1, NUMBER.sub("", text, count=1)
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        is_between = groups and text == line.text and mark and mark_of(following, 0) == mark
        if is_between and is_list_heading(groups[-1][1], text):
            heading, number = text, 0
        elif text:
            groups = groups or [(heading, [])]
            groups[-1][1].append(Line(line.number, text, line.after_blank))
    is_reference = section.name == "reference"
    return [
        (name, entry)
        for name, group in groups
        for entry in split_at_anchors(group, width, is_bulleted=bool(mark), is_reference=is_reference)
    ]


def is_bare(line: str) -> bool:
    """Whether a line is a bullet or number and nothing else."""
    return (BULLET.fullmatch(line) or NUMBER.fullmatch(line)) is not None


def mark_of(line: str, number: int) -> str:
    """The bullet of a line; `1` for a number that goes on counting from another; '' if it has neither."""
    found = NUMBER.match(line)
    if found and int(found[1] or found[2]) == number + 1:
        return "1"
    bullet = BULLET.match(line)
    return bullet[1] if bullet else ""


def is_list_heading(group: Sequence[Line], line: str) -> bool:
    """Whether a line before a bullet, behind a whole entry, is a heading that PubMed's pages have not had so far."""
    is_short = len(line) <= 60 and line[-1] not in ".?!;,:" and not are_known_phrases(line)
    return is_short and bool(find_anchors("\n".join(one.text for one in group)))


def split_at_anchors(lines: Sequence[Line], width: int, *, is_bulleted: bool, is_reference: bool) -> list[str]:
    """The entries that some lines hold: each to its PMID and the phrases behind it."""
    text = "\n".join(line.text for line in lines)
    anchors = find_anchors(text)
    if is_bulleted and len(anchors) < 2:
        return [text] if text else []
    entries = []
    start = 0
    for anchor in anchors:
        end = max(anchor.end(), start)
        while (found := PHRASES.match(text, end)) and found.end() > end:
            end = found.end()
        line_end = text.find("\n", end) % (len(text) + 1)
        # A phrase that is not known ends with its line.
        is_phrase = is_bulleted or (line_end - end <= 60 and text.endswith(".", end, line_end))
        if is_phrase and not PMID.search(text, end, line_end):
            end = line_end
        entries += cut_unanchored(text[start:end])
        start = end
    left = [Line(0, text[start:].split("\n", 1)[0].strip()), *lines[text.count("\n", 0, start) + 1 :]]
    entries += split_whole(left if anchors else lines, width, is_reference=is_reference)
    return [entry.strip() for entry in entries if entry.strip()]


def cut_unanchored(text: str) -> list[str]:
    """A text that ends with a PMID, cut behind each whole citation that stands before the last one."""
    dates = [m for m in DATED.finditer(text) if STRONG.match(text, m.end())]
    cuts = [0]
    for date, later in pairwise(dates):
        line_end = text.find("\n", date.end())
        while 0 < line_end < later.start() and CONTINUES.match(text, line_end + 1):
            line_end = text.find("\n", line_end + 1)
        is_whole = 0 < line_end < later.start() and ENDS_ENTRY.search(text, max(date.end(), line_end - 9), line_end)
        if is_whole and not NOTE.search(text, date.end(), later.start()):
            cuts.append(line_end)
    return [text[start:end] for start, end in pairwise([*cuts, len(text)])]


def split_whole(lines: Sequence[Line], width: int, *, is_reference: bool) -> list[str]:
    """Entries without PMID and bullets: each ends with a whole citation, a reference also before a blank line."""
    entries: list[str] = []
    before = ""
    for line in lines:
        if not line.text:
            continue
        text = entries[-1][-2_000:] if entries else ""
        is_whole = any(STRONG.match(text, m.end()) for m in DATED.finditer(text)) or (
            is_reference and len(text) > 40 and re.search(r"\b(?:19|20)[0-9]{2}\b", text) is not None
        )
        goes_on = (CONTINUES.match(line.text) and not ONE_AUTHOR.match(line.text)) or NOTE.match(line.text)
        may_end = not is_wrapped(before, line.text, width) or ENDS_ENTRY.search(before)
        is_start = (is_whole and may_end and not goes_on) or (is_reference and line.after_blank)
        if not entries or is_start or len(entries[-1]) > LONGEST_ENTRY:
            entries.append(line.text)
        else:
            entries[-1] += f"\n{line.text}"
        before = line.text
    return entries
