"""Pages that a browser saved, read with their lists."""

from pathlib import Path

import pytest

from tests.printed_pages import LISTS, make_pages, read_records
from transforms.saved_page import article_text
from transforms.seed_text import parse_seed_document

PAGE = """<!DOCTYPE html><html><head><meta name="citation_pmid" content="81"><title>A - PubMed</title></head><body>
<div class="actions-buttons"><button>Save</button></div><h1>A
 title of words</h1><div><span class="id-label">PMID:</span> <strong>81</strong></div>
<div id="similar"><h2>Similar articles</h2><ul><li><a href="/82/">One.</a> <span>J Med. 2001. doi: 10.1000/82.</span>
<span>PMID: <span class="docsum-pmid">82</span></span> Free PMC article.</li></ul></div>
<div id="citedby"><h2>Cited by</h2><ul><li><a href="/83/">Two.</a> PMID: 83</li></ul></div>
<div id="references"><h2>References</h2><ol><li>Roe A. Three. J Med. 2003;1:1. - <a class="reference-link"
href="https://pubmed.ncbi.nlm.nih.gov/84/">PubMed</a></li></ol></div></body></html>"""


def test_a_saved_page_has_its_lists() -> None:
    """Not only the article's PMID; a reference has the PMID that it links to."""
    text = article_text(PAGE)
    assert text is not None
    page = parse_seed_document(text.encode(), seed_id="page.html", file_name="page.html")
    assert (page.pmid, page.title) == (81, "A title of words")
    assert [(e.list_name, e.pmid, e.doi) for e in page.entries] == [
        ("similar", 82, "10.1000/82"),
        ("cited_by", 83, None),
        ("reference", 84, None),
    ]
    assert page.entries[0].flags == ("Free PMC article",)


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><meta name='ncbi_uidlist' content='1,2'></head><body>x</body></html>",
        "<html><body><span class='docsum-pmid'>5</span></body></html>",
        "",
    ],
)
def test_a_list_of_results_is_no_article(page: str) -> None:
    """Its PMIDs are seeds themselves (saved_references.py)."""
    assert article_text(page) is None


@pytest.mark.parametrize(
    "page",
    [
        '<?xml version="1.0" encoding="UTF-8"?>\n' + PAGE,
        PAGE.replace("</ul>", '</ul><div class="docsum-content"></div>'),
        PAGE.replace("<meta", "<META").replace('content="81"', "content=' 81 '"),
    ],
)
def test_a_page_of_another_program_is_an_article_as_well(page: str) -> None:
    """With an XML declaration, which HTML does not have, or with results below the article's own title."""
    assert (article_text(page) or "").split() == (article_text(PAGE) or "").split()


def test_a_part_of_a_page_is_read_as_it_is() -> None:
    """A page without a body is all body; what stands in the head is not shown."""
    meta = '<meta name="citation_pmid" content="81">'
    assert article_text(f"{meta}<p>One <b>two</b>\nthree</p>") == "PMID: 81\n\nOne two three\n"
    assert article_text(f"<html><head>{meta}<title>No</title></head><body>x</body></html>") == "PMID: 81\nx"


def test_real_records_printed_as_pages_are_read_whole(shared_data: Path) -> None:
    """PMIDs, lists and order; `tests.trials.seed_extractions` has the texts of fifteen tools."""
    for printed in make_pages(read_records(shared_data / "efetch")[:260]):
        text = article_text(printed.html)
        assert text is not None
        page = parse_seed_document(text.encode(), seed_id="page.html", file_name="page.html")
        found: dict[str, list[int | None]] = {}
        for entry in page.entries:
            found.setdefault(entry.list_name, []).append(entry.pmid)
        names = {"Similar articles": "similar", "Cited by": "cited_by", "References": "reference"}
        assert found == {names.get(h, h): [r.pmid for r in printed.lists[h]] for h, _ in LISTS}
        assert (page.pmid, page.title) == (printed.own.pmid, printed.own.title.removesuffix("."))
