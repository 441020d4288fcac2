"""PubMed records made of a seed page: what it says of its own citation and of each entry, and nothing else."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from transforms.seed_entry import SeedEntry
from transforms.seed_text import SeedPage

LINK_NAMES = {
    "similar": "pubmed_pubmed",
    "cited_by": "pubmed_pubmed_citedin",
    "reference": "pubmed_pubmed_refs",
}


def seed_record(page: SeedPage) -> Iterator[tuple[int, bytes]]:
    """A PubmedArticle for the page's own citation, if it is a page, then one for each entry with a PMID."""
    if page.pmid is not None:
        yield page.pmid, make_xml(page, page.pmid, page.abstract)
    for entry in page.entries:
        if entry.pmid is not None:
            yield entry.pmid, make_xml(entry, entry.pmid, None)


def seed_links(page: SeedPage) -> Iterator[tuple[str, int, int]]:
    """(link name, PMID, neighbour) for each entry with a PMID, in the page's order."""
    for entry in page.entries:
        if page.pmid is not None and entry.pmid is not None and entry.list_name in LINK_NAMES:
            yield LINK_NAMES[entry.list_name], page.pmid, entry.pmid


def make_xml(source: SeedPage | SeedEntry, pmid: int, abstract: str | None) -> bytes:
    """A PubmedArticle in the order of the DTD; what the page says nothing of is left out, even if the DTD wants it."""
    types = source.publication_types if isinstance(source, SeedEntry) else ()
    year, _, rest = (source.pub_date or "").partition(" ")
    month, _, day = rest.partition(" ")
    if not source.pub_date:
        pub_date = ""
    elif not year.isdecimal() or (rest and not month.isalpha()) or (day and not day.isdecimal()):
        pub_date = tag("MedlineDate", source.pub_date)
    else:
        pub_date = tag("Year", year) + optional("Month", month) + optional("Day", day)
    issue = optional("Volume", source.volume) + optional("Issue", source.issue) + tag("PubDate", pub_date, raw=True)
    journal = tag("JournalIssue", issue, raw=True)
    journal += optional("ISOAbbreviation", source.journal)
    location = f'<ELocationID EIdType="doi" ValidYN="Y">{escape(source.doi)}</ELocationID>' if source.doi else ""
    text = "".join(tag("AbstractText", line) for line in (abstract or "").splitlines())
    type_list = "".join(tag("PublicationType", name) for name in types)
    article = (
        tag("Journal", journal, raw=True)
        + tag("ArticleTitle", source.title or "")
        + (tag("Pagination", tag("MedlinePgn", source.pages), raw=True) if source.pages else "")
        + location
        + (tag("Abstract", text, raw=True) if text else "")
        + (tag("PublicationTypeList", type_list, raw=True) if type_list else "")
    )
    ids = f'<ArticleId IdType="pubmed">{pmid}</ArticleId>'
    if source.doi:
        ids += f'<ArticleId IdType="doi">{escape(source.doi)}</ArticleId>'
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>{article}</Article>'
        f"<MedlineJournalInfo>{optional('MedlineTA', source.journal)}</MedlineJournalInfo></MedlineCitation>"
        f"<PubmedData><ArticleIdList>{ids}</ArticleIdList></PubmedData></PubmedArticle>"
    ).encode()


def tag(name: str, content: str, *, raw: bool = False) -> str:
    """An element around some text, or around XML if it is raw."""
    return f"<{name}>{content if raw else escape(content)}</{name}>"


def optional(name: str, content: str | None) -> str:
    """An element, or nothing for no content."""
    return tag(name, content) if content else ""
