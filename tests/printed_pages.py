"""Records printed as PubMed pages, in the structure of its HTML, with other records as the entries of its lists."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from lxml import etree

from transforms.values import text_of

# Entries of a page's lists: name, heading, how many.
LISTS = (("Comment in", 1), ("Similar articles", 5), ("Cited by", 4), ("References", 2))
FREE = '<span class="free-resources">Free PMC article.</span> '


@dataclass(frozen=True)
class Printed:
    """What a page shows of a record; '' for what the record does not have."""

    pmid: int
    title: str
    doi: str
    journal: str
    numbers: str
    authors: tuple[str, ...]
    abstract: tuple[tuple[str, str], ...]
    types: tuple[str, ...]
    mesh: tuple[str, ...]
    substances: tuple[str, ...]
    affiliation: str
    year: str

    @property
    def citation(self) -> str:
        """`J Med. 2014 Mar;156(2):24-35. doi: 10.1/x.`"""
        return f"{self.journal}. {self.numbers}." + (f" doi: {self.doi}." if self.doi else "")


@dataclass(frozen=True)
class PrintedPage:
    """A page as HTML, its own record, and the records in its lists by heading."""

    html: str
    own: Printed
    lists: dict[str, tuple[Printed, ...]]


def read_records(folder: Path) -> list[Printed]:
    """The records of a folder's files with a title and a journal, each PMID once, in the order of their PMIDs."""
    found: dict[int, Printed] = {}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
        if b"<PubmedArticle>" not in data:
            continue
        root = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False, huge_tree=True))
        for element in root.iter("PubmedArticle"):
            record = read_record(element)
            if record.pmid and record.title and record.journal and record.year:
                found.setdefault(record.pmid, record)
    return [found[pmid] for pmid in sorted(found)]


def read_record(record: etree._Element) -> Printed:
    """What a page prints of a PubmedArticle."""

    def first(path: str) -> str:
        element = record.find(path)
        return "" if element is None else " ".join(text_of(element).split())

    issue = "MedlineCitation/Article/Journal/JournalIssue"
    date = " ".join(filter(None, (first(f"{issue}/PubDate/{part}") for part in ("Year", "Month", "Day", "Season"))))
    date = date or first(f"{issue}/PubDate/MedlineDate")
    number = f"({first(f'{issue}/Issue')})" if first(f"{issue}/Issue") else ""
    pages = first("MedlineCitation/Article/Pagination/MedlinePgn")
    volume = first(f"{issue}/Volume") + number
    abstract = [
        (part.get("Label") or "", " ".join(text_of(part).split()))
        for part in record.iterfind("MedlineCitation/Article/Abstract/AbstractText")
    ]
    return Printed(
        pmid=int(first("MedlineCitation/PMID") or 0),
        title=first("MedlineCitation/Article/ArticleTitle"),
        doi=first("PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
        journal=first("MedlineCitation/MedlineJournalInfo/MedlineTA"),
        numbers=date + (f";{volume}" if volume else "") + (f":{pages}" if pages else ""),
        authors=tuple(
            f"{a.findtext('LastName')} {a.findtext('Initials') or ''}".strip()
            for a in record.iterfind("MedlineCitation/Article/AuthorList/Author")
            if a.findtext("LastName")
        )[:12],
        abstract=tuple(part for part in abstract if part[1]),
        types=tuple(text_of(e) for e in record.iterfind("MedlineCitation/Article/PublicationTypeList/PublicationType")),
        mesh=tuple(mesh_terms(record)),
        substances=tuple(text_of(e) for e in record.iterfind("MedlineCitation/ChemicalList/Chemical/NameOfSubstance")),
        affiliation=first("MedlineCitation/Article/AuthorList/Author/AffiliationInfo/Affiliation"),
        year=date[:4],
    )


def mesh_terms(record: etree._Element) -> Iterator[str]:
    """The MeSH terms of a record as a page prints them: `Depression / drug therapy*`."""
    for heading in record.iterfind("MedlineCitation/MeshHeadingList/MeshHeading"):
        name = heading.findtext("DescriptorName") or ""
        star = "*" if heading.find("*[@MajorTopicYN='Y']") is not None else ""
        yield from [f"{name} / {q.text}{star}" for q in heading.iterfind("QualifierName")] or [name + star]


def make_pages(records: Sequence[Printed]) -> Iterator[PrintedPage]:
    """Pages of records in their order: one as the page's own, the next ones as its entries; the rest is dropped."""
    size = 1 + sum(count for _, count in LISTS)
    for start in range(0, len(records) - size + 1, size):
        own, rest = records[start], list(records[start + 1 : start + size])
        lists = {}
        for heading, count in LISTS:
            lists[heading], rest = tuple(rest[:count]), rest[count:]
        yield PrintedPage(make_html(own, lists), own, lists)


def make_html(own: Printed, lists: dict[str, tuple[Printed, ...]]) -> str:
    """A page with PubMed's elements, classes, buttons and navigation."""
    lists_html = "".join(make_list(heading, entries) for heading, entries in lists.items())
    pieces = [
        '<div class="abstract" id="abstract"><h2 class="title">Abstract</h2><div class="abstract-content selected">',
        *(f"<p>{make_label(label)}{escape(text)}</p>" for label, text in own.abstract),
        "</div></div>" if own.abstract else '</div><em class="empty-abstract">No abstract available</em></div>',
    ]
    terms = "".join(
        make_terms(heading, names)
        for heading, names in (
            ("Publication types", own.types),
            ("MeSH terms", own.mesh),
            ("Substances", own.substances),
        )
        if names
    )
    navigation = "".join(
        f'<li><a href="#x">{name}</a></li>'
        for name in ("Title &amp; authors", "Abstract", *lists, "Publication types", "MeSH terms")
    )
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(own.title)} - PubMed</title>
<meta name="citation_pmid" content="{own.pmid}"></head><body><a href="#main">Skip to main page content</a>
<header class="usa-banner"><p>An official website of the United States government</p>
<button>Here's how you know</button>
</header><form><label>Search:</label><a href="/advanced/">Advanced</a><a href="/help/">User Guide</a></form>
<main class="article-details" id="article-details"><div class="actions-buttons"><button>Save</button>
<button>Email</button><button>Send to</button><button>Display options</button></div>
<header class="heading" id="heading"><div id="full-view-heading">{make_heading(own)}</div></header>
{"".join(pieces)}{lists_html}{terms}
<div class="resources" id="linkout"><h2 class="title">LinkOut - more resources</h2><ul class="resources-list"><li>
<h3 class="resource-title">Full Text Sources</h3><ul><li><a href="https://example.org/">Publisher</a></li></ul></li></ul>
</div></main><aside><div class="full-text-links"><h3>full text links</h3></div><h3>Actions</h3><button>Cite</button>
<button>Collections</button><nav><h3>Page navigation</h3><ul>{navigation}</ul></nav></aside>
<footer><ul><li><a href="https://www.nlm.nih.gov/">NLM</a></li><li><a href="https://www.nih.gov/">NIH</a></li></ul></footer>
</body></html>"""


def make_label(label: str) -> str:
    """The label of a section of an abstract, if it has one."""
    return f'<strong class="sub-title">{escape(label.capitalize())}: </strong>' if label else ""


def make_heading(own: Printed) -> str:
    """The part above the abstract."""
    authors = "".join(
        f'<span class="authors-list-item"><a class="full-name" href="/?term=x">{escape(name)}</a>'
        f'<sup class="affiliation-links">{" 1" if own.affiliation and not index else ""}</sup>'
        f'<span class="comma">{", " if index + 1 < len(own.authors) else ""}</span></span>'
        for index, name in enumerate(own.authors)
    )
    affiliation = (
        f'<div class="affiliations"><h3 class="title">Affiliation</h3><ul class="item-list"><li>'
        f"<sup>1</sup> {escape(own.affiliation)}</li></ul></div>"
        if own.affiliation
        else ""
    )
    doi = (
        f'<li><span class="identifier doi"><span class="id-label">DOI:</span> <a class="id-link" '
        f'href="https://doi.org/{escape(own.doi)}">{escape(own.doi)}</a></span></li>'
        if own.doi
        else ""
    )
    shown_doi = f'<span class="citation-doi">doi: {escape(own.doi)}.</span>' if own.doi else ""
    return f"""<div class="article-citation"><div class="article-source"><div class="journal-actions">
<button class="journal-actions-trigger trigger">{escape(own.journal)}</button></div><span class="period">. </span>
<span class="cit">{escape(own.numbers)}.</span> {shown_doi}</div></div>
<h1 class="heading-title">{escape(own.title.removesuffix("."))}</h1>
<div class="inline-authors"><div class="authors"><div class="authors-list">{authors}</div></div></div>{affiliation}
<ul class="identifiers" id="full-view-identifiers"><li><span class="identifier pubmed">
<span class="id-label">PMID:</span>
<strong class="current-id" title="PubMed ID">{own.pmid}</strong></span></li>{doi}</ul>"""


def make_list(heading: str, entries: Sequence[Printed]) -> str:
    """A list of citations; references have neither PMID nor PubMed's form, but links."""
    if heading == "References":
        items = "".join(
            f'<li class="skip-numbering">{escape(", ".join(e.authors[:3]) or "Anonymous")}. {escape(e.title)} '
            f'{escape(e.citation)}<span class="references-links"> - '
            + (f'<a class="reference-link" href="https://doi.org/{escape(e.doi)}">DOI</a> - ' if e.doi else "")
            + f'<a class="reference-link" href="/{e.pmid}/">PubMed</a></span></li>'
            for e in entries
        )
        title = '<h2 class="title">References</h2>'
        return f'<div class="references" id="references">{title}<ol class="references-list">{items}</ol></div>'
    items = "".join(
        f'<li class="full-docsum"><div class="docsum-wrap"><div class="docsum-content"><a class="docsum-title" '
        f'href="/{e.pmid}/">{escape(e.title)}</a><div class="docsum-citation full-citation">'
        f'<span class="docsum-authors full-authors">{escape(", ".join(e.authors))}{"." if e.authors else ""}</span> '
        f'<span class="docsum-journal-citation full-journal-citation">{escape(e.citation)}</span> '
        f'<span class="citation-part">PMID: <span class="docsum-pmid">{e.pmid}</span></span> '
        f"{'<span class=free-resources>Free PMC article.</span> ' if e.pmid % 3 == 0 else ''}"
        f"{'<span class=publication-type>Review.</span>' if 'Review' in e.types else ''}</div></div></div></li>"
        for e in entries
    )
    title = f'<h2 class="title">{heading}</h2>'
    return f'<div id="{heading.lower().split()[0]}">{title}<ul class="articles-list">{items}</ul></div>'


def make_terms(heading: str, names: Sequence[str]) -> str:
    """A section of terms, each with its buttons."""
    items = "".join(
        f'<li><div class="keyword-actions"><button class="keyword-actions-trigger">{escape(name)}</button>'
        '<div class="content" style="display: none"><ul><li><a href="/?term=x">Search in PubMed</a></li><li>'
        '<a href="https://www.ncbi.nlm.nih.gov/mesh/">Search in MeSH</a></li></ul></div></div></li>'
        for name in names
    )
    return f'<div class="keywords-section"><h2 class="title">{heading}</h2><ul class="keywords-list">{items}</ul></div>'
