"""Records made from a seed page: all that it says, in the order of the DTD, and nothing else."""

import pytest

from flows.eutils_server.seed_records import make_xml, seed_links, seed_record
from transforms.pubmed_document import split_document
from transforms.raw_records import read_chunk
from transforms.seed_entry import SeedEntry
from transforms.seed_text import SeedPage

BARE = dict.fromkeys(
    ("title", "journal", "pub_date", "pub_year", "volume", "issue", "pages", "doi", "pii", "pmc_id")
) | {"epub_date": None, "authors": None}


def entry(pmid: int | None, list_name: str = "similar", **said: object) -> SeedEntry:
    """An entry that says this."""
    values = {**BARE, "pmid": pmid, "list_name": list_name, "citation_order": 1, "citation_text": "x", **said}
    return SeedEntry(**values)  # type: ignore[arg-type]


def page(pmid: int | None, *entries: SeedEntry, **said: object) -> SeedPage:
    """A page with these entries."""
    names = {"seed_id": "a", "file_name": "a.txt", "seed_text": "", "seed_sha256": ""}
    values = {**BARE, "abstract": None, "terms": (), **names, "pmid": pmid, "entries": entries, **said}
    return SeedPage(**values)  # type: ignore[arg-type]


def test_all_that_an_entry_says_is_in_its_record() -> None:
    """Escaped, and in the order of the DTD."""
    source = entry(
        7, title="A < B.", journal="J Med", pub_date="2014 Apr 3", volume="4", issue="2", pages="75-9", doi="10.1/a&b",
        publication_types=("Review",),
    )  # fmt: skip
    assert make_xml(source, 7, "One.\nTwo & three.").decode() == (
        '<PubmedArticle><MedlineCitation><PMID Version="1">7</PMID><Article>'
        "<Journal><JournalIssue><Volume>4</Volume><Issue>2</Issue>"
        "<PubDate><Year>2014</Year><Month>Apr</Month><Day>3</Day></PubDate></JournalIssue>"
        "<ISOAbbreviation>J Med</ISOAbbreviation></Journal><ArticleTitle>A &lt; B.</ArticleTitle>"
        "<Pagination><MedlinePgn>75-9</MedlinePgn></Pagination>"
        '<ELocationID EIdType="doi" ValidYN="Y">10.1/a&amp;b</ELocationID>'
        "<Abstract><AbstractText>One.</AbstractText><AbstractText>Two &amp; three.</AbstractText></Abstract>"
        "<PublicationTypeList><PublicationType>Review</PublicationType></PublicationTypeList></Article>"
        "<MedlineJournalInfo><MedlineTA>J Med</MedlineTA></MedlineJournalInfo></MedlineCitation>"
        '<PubmedData><ArticleIdList><ArticleId IdType="pubmed">7</ArticleId>'
        '<ArticleId IdType="doi">10.1/a&amp;b</ArticleId></ArticleIdList></PubmedData></PubmedArticle>'
    )


def test_what_an_entry_does_not_say_is_left_out() -> None:
    """Only what a record must have is there, empty."""
    assert make_xml(entry(7), 7, None).decode() == (
        '<PubmedArticle><MedlineCitation><PMID Version="1">7</PMID><Article>'
        "<Journal><JournalIssue><PubDate></PubDate></JournalIssue></Journal><ArticleTitle></ArticleTitle></Article>"
        "<MedlineJournalInfo></MedlineJournalInfo></MedlineCitation><PubmedData><ArticleIdList>"
        '<ArticleId IdType="pubmed">7</ArticleId></ArticleIdList></PubmedData></PubmedArticle>'
    )


@pytest.mark.parametrize(
    ("pub_date", "expected"),
    [
        ("2014", "<Year>2014</Year>"),
        ("2014 Apr", "<Year>2014</Year><Month>Apr</Month>"),
        ("2014 Apr-May", "<MedlineDate>2014 Apr-May</MedlineDate>"),
        ("2014 Apr 3-9", "<MedlineDate>2014 Apr 3-9</MedlineDate>"),
        ("Spring 2014", "<MedlineDate>Spring 2014</MedlineDate>"),
    ],
)
def test_a_date_that_is_no_plain_one_stays_as_it_is_written(pub_date: str, expected: str) -> None:
    """No part of it is guessed."""
    assert f"<PubDate>{expected}</PubDate>" in make_xml(entry(7, pub_date=pub_date), 7, None).decode()


def test_a_page_gives_its_own_record_and_those_of_its_entries() -> None:
    """Each is a record that reads; entries without a PMID give none, nor does a file of references for itself."""
    entries = (entry(8), entry(None, title="Lost."), entry(9, "reference"), entry(6, "Comment in"))
    records = list(seed_record(page(7, *entries, title="A.", abstract="Text.")))
    assert [pmid for pmid, _ in records] == [7, 8, 9, 6]
    assert b"<AbstractText>Text.</AbstractText>" in records[0][1]
    document = b"<PubmedArticleSet>" + b"".join(xml for _, xml in records) + b"</PubmedArticleSet>"
    chunks = split_document([document], name="a")
    assert [r.pmid for chunk in chunks for r in read_chunk(chunk, name="a").records] == [7, 8, 9, 6]
    assert [pmid for pmid, _ in seed_record(page(None, *entries))] == [8, 9, 6]


def test_links_are_those_of_pubmeds_own_lists() -> None:
    """In the page's order; an entry without a PMID, and one of another list, is none."""
    entries = (entry(9, "reference"), entry(8), entry(None), entry(6, "Comment in"), entry(5, "cited_by"))
    assert list(seed_links(page(7, *entries))) == [
        ("pubmed_pubmed_refs", 7, 9),
        ("pubmed_pubmed", 7, 8),
        ("pubmed_pubmed_citedin", 7, 5),
    ]
    assert list(seed_links(page(None, *entries))) == []
