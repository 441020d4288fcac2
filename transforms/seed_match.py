"""Entries of a seed page that give no PMID: what to ask Entrez about them, and whether a record is the one."""

import re

from lxml import etree

from transforms.seed_entry import SeedEntry
from transforms.values import first_year, normal_text, text_of

ARTICLE = "MedlineCitation/Article"
TITLES = (f"{ARTICLE}/ArticleTitle", f"{ARTICLE}/VernacularTitle")
JOURNALS = (
    "MedlineCitation/MedlineJournalInfo/MedlineTA",
    f"{ARTICLE}/Journal/ISOAbbreviation",
    f"{ARTICLE}/Journal/Title",
)
DOIS = ("PubmedData/ArticleIdList/ArticleId[@IdType='doi']", f"{ARTICLE}/ELocationID[@EIdType='doi']")
PMC_ID = "PubmedData/ArticleIdList/ArticleId[@IdType='pmc']"
ISSUE_DATE = "Article/Journal/JournalIssue/PubDate"

# A title of fewer letters and digits than this could be anybody's: `Editorial.`, `Reply to Smith.`
TITLE_LENGTH = 20
TITLE_WORDS = 25


def citation_parts(entry: SeedEntry) -> dict[str, str] | None:
    """What ECitMatch takes, by Bio.Entrez's names; None if journal, year, volume or first page is not known.

    The author is the first one, `Mann BJ` of `Mann BJ, Smith A.`, or '' if the page names none.
    """
    first_page = re.match(r"[A-Za-z]{0,3}[0-9]+", entry.pages or "")
    if not (entry.journal and entry.pub_year and entry.volume and first_page):
        return None
    author = re.match(r"[^,;.|]+", entry.authors or "")
    parts = {
        "journal_title": entry.journal,
        "year": str(entry.pub_year),
        "volume": entry.volume,
        "first_page": first_page[0],
        "author_name": author[0].removesuffix(" et al").strip() if author else "",
    }
    return {name: " ".join(value.replace("|", " ").split()) for name, value in parts.items()}


def search_terms(entry: SeedEntry) -> list[str]:
    """Searches that can find the entry, the surest first: its DOI, PMCID, then its title in the years around it."""
    terms = []
    if entry.doi and not re.search(r'[\s"\[\]]', entry.doi):
        terms.append(f'"{entry.doi}"[doi]')
    if entry.pmc_id:
        terms.append(f"{entry.pmc_id}[pmc]")
    # In lower case, since AND, OR and NOT would be operators.
    words = re.findall(r"[^\W_]+", (entry.title or "").lower())[:TITLE_WORDS]
    if entry.title and len(normal_text(entry.title)) >= TITLE_LENGTH and entry.pub_year:
        terms.append(f"{' '.join(words)}[ti] AND {entry.pub_year - 1}:{entry.pub_year + 1}[dp]")
    return terms


def is_record_of(entry: SeedEntry, record: etree._Element) -> bool:
    """Whether a record is certainly that of an entry; nothing is guessed.

    The titles must have the same letters and digits, and the DOIs must be the same too, or else year and journal, if
    the entry gives them. Without a title, DOIs and years must be the same. The same PMCID is enough, unless the titles
    differ.

    Args:
        entry: Of a seed page.
        record: A PubmedArticle; any other record, such as a book's, is not the one.
    """
    citation = record.find("MedlineCitation")
    if citation is None:
        return False

    def found(*paths: str) -> set[str]:
        return {text_of(element) for path in paths for element in record.iterfind(path)}

    titles = {normal_text(title) for title in found(*TITLES)} - {""}
    is_same_title = entry.title is not None and normal_text(entry.title) in titles
    is_same_doi = entry.doi is not None and entry.doi.lower() in map(str.lower, found(*DOIS))
    year = first_year(citation.findtext(f"{ISSUE_DATE}/Year"), citation.findtext(f"{ISSUE_DATE}/MedlineDate"))
    if entry.pmc_id in found(PMC_ID) and (entry.title is None or is_same_title):
        return True
    if entry.title is None:
        return is_same_doi and entry.pub_year is not None and entry.pub_year == year
    is_same_journal = entry.journal is None or normal_text(entry.journal) in map(normal_text, found(*JOURNALS))
    return is_same_title and (is_same_doi or (entry.pub_year in (None, year) and is_same_journal))
