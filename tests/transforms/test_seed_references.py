"""An entry of a reference list, in the forms that publishers use."""

import pytest

from tests.transforms.test_seed_entry import found, parse


@pytest.mark.parametrize(
    "links", ["", " - DOI - PubMed", " DOI PubMed", " [DOI] [PubMed]", " \u2013 PMC \u2013 PubMed"]
)
def test_a_reference_has_its_authors_first(links: str) -> None:
    """Reference lists follow the publisher; the names of the links behind are not part of it."""
    entry = parse(
        "Hutton B, Salanti G, et al. The PRISMA statement. Ann Intern Med. 2015;162:777\u2013784. "
        f"doi: 10.7326/M14-2385.{links}",
        list_name="reference",
    )
    assert found(entry) == {
        "authors": "Hutton B, Salanti G, et al",
        "title": "The PRISMA statement.",
        "journal": "Ann Intern Med",
        "pub_date": "2015",
        "pub_year": 2015,
        "volume": "162",
        "pages": "777\u2013784",
        "doi": "10.7326/M14-2385",
    }


def test_a_reference_may_have_its_year_behind_the_authors() -> None:
    """Springer's form."""
    entry = parse("Aan het Rot M (2010) Safety of x. Biol Psychiatry 67(2):139\u2013145 - DOI", list_name="reference")
    assert found(entry) == {
        "authors": "Aan het Rot M",
        "title": "Safety of x.",
        "journal": "Biol Psychiatry",
        "pub_date": "2010",
        "pub_year": 2010,
        "volume": "67",
        "issue": "2",
        "pages": "139\u2013145",
    }


@pytest.mark.parametrize(
    ("text", "title", "journal", "pub_date", "pages"),
    [
        ("Roe K, Poe E. A title? Lancet 2001; 357: 1763\u201367.", "A title?", "Lancet", "2001", "1763\u201367"),
        ("Roe K, et al. Of 2001; a sequel. N Engl J Med 2003 Jul 3;349(1):1-9.", "Of 2001; a sequel.",
         "N Engl J Med", "2003 Jul 3", "1-9"),
        ("Roe K, Poe E. Seen in 2019; 12 of 20 patients. Unpublished.", None, None, None, None),
    ],
)  # fmt: skip
def test_a_reference_may_leave_out_the_full_stop_before_the_year(
    text: str, title: str | None, journal: str | None, pub_date: str | None, pages: str | None
) -> None:
    """The Lancet's form, and Nature's."""
    entry = parse(text, list_name="reference")
    assert (entry.title, entry.journal, entry.pub_date, entry.pages) == (title, journal, pub_date, pages)


@pytest.mark.parametrize(
    ("text", "authors", "title", "journal"),
    [
        ("Smith J.A., Doe A.-B., Roe C. MDPI style. Int. J. Mol. Sci. 2021;22:4642.", "Smith J.A., Doe A.-B., Roe C.",
         "MDPI style.", "Int J Mol Sci"),
        ("Roe B. et al. Other things? Nat. Rev. Mol. Cell Biol. 2002;3:4\u20135.", "Roe B. et al.", "Other things?",
         "Nat Rev Mol Cell Biol"),
        ("van der Berg A., O'Brien K. A view. Of two. Cell. 2001;1:1\u20132.", "van der Berg A., O'Brien K.",
         "A view. Of two.", "Cell"),
    ],
)  # fmt: skip
def test_a_reference_may_have_full_stops_behind_all_that_is_short(
    text: str, authors: str, title: str, journal: str
) -> None:
    """MDPI's form: the journal is not the last of its words alone."""
    entry = parse(f"{text} doi: 10.1/x. [DOI] [PMC free article] [PubMed]", list_name="reference")
    assert (entry.authors, entry.title, entry.journal, entry.doi) == (authors, title, journal, "10.1/x")
    assert entry.flags == ()


def test_what_cannot_be_told_is_none_and_the_text_is_kept() -> None:
    """A report without journal, and a form whose parts only a person can tell."""
    report = parse("World Health Organization. Depression and more. Geneva: WHO; 2017.", list_name="reference")
    assert (
        found(report),
        report.citation_text,
    ) == ({}, "World Health Organization. Depression and more. Geneva: WHO; 2017.")
    other = parse(
        "Smith, J.A., 2001. Something. J. Neurosci. 12, 1\u20132. https://doi.org/10.1016/abc", list_name="reference"
    )
    assert found(other) == {"doi": "10.1016/abc"}
    linked = parse("Something at https://pubmed.ncbi.nlm.nih.gov/123/", list_name="reference")
    assert found(linked) == {"pmid": 123}
