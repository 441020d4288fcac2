"""Entries of a seed page that give no PMID: what can be asked of Entrez about them, and whether a record is the one."""

import re

from lxml import etree

from transforms.seed_entry import SeedEntry
from transforms.values import first_year, normal_text, text_of

TITLES = ("Article/ArticleTitle", "Article/VernacularTitle")
JOURNALS = ("MedlineJournalInfo/MedlineTA", "Article/Journal/ISOAbbreviation", "Article/Journal/Title")

# A title of fewer letters and digits than this could be anybody's: `Editorial.`, `Reply to Smith.`
TITLE_LENGTH = 20
TITLE_WORDS = 25


def citation_parts(entry: SeedEntry) -> dict[str, str] | None:
    """What ECitMatch takes, by Bio.Entrez's names; None where journal, year, volume or first page is not known.

    The author is the first one, `Mann BJ` of `Mann BJ, Smith A.`, or '' where the page names none.
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
    """Whether a record is certainly that of an entry: nothing is guessed.

    The titles are the same by their letters and digits; then the DOIs are the same too, or else neither year nor
    journal, where the entry gives them, says otherwise. Without a title the DOIs and the years are the same. The same
    PMCID is enough, unless the titles differ.

    Args:
        entry: Of a seed page.
        record: A PubmedArticle; any other record, such as a book's, is not the one.
    """
    citation = record.find("MedlineCitation")
    if citation is None:
        return False
    titles = {normal_text(text_of(e)) for path in TITLES for e in citation.iterfind(path)} - {""}
    dois = {text_of(e).lower() for e in record.iterfind("PubmedData/ArticleIdList/ArticleId[@IdType='doi']")}
    dois |= {text_of(e).lower() for e in citation.iterfind("Article/ELocationID[@EIdType='doi']")}
    year = first_year(
        citation.findtext("Article/Journal/JournalIssue/PubDate/Year"),
        citation.findtext("Article/Journal/JournalIssue/PubDate/MedlineDate"),
    )
    is_same_doi = entry.doi is not None and entry.doi.lower() in dois
    pmc_ids = {text_of(e) for e in record.iterfind("PubmedData/ArticleIdList/ArticleId[@IdType='pmc']")}
    if entry.pmc_id in pmc_ids and (entry.title is None or normal_text(entry.title) in titles):
        return True
    if entry.title is None:
        return is_same_doi and entry.pub_year is not None and entry.pub_year == year
    if normal_text(entry.title) not in titles:
        return False
    journals = {normal_text(text_of(e)) for path in JOURNALS for e in citation.iterfind(path)}
    is_same_issue = entry.pub_year in (None, year) and (entry.journal is None or normal_text(entry.journal) in journals)
    return is_same_doi or is_same_issue
