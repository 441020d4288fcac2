"""Records become rows, the whole text of each and every part of it."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.records import article, article_set
from transforms.parsed_records import ParsedRecords, Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import read_chunk
from warehouse.errors import DocumentError

WHEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
FROM = Provenance("20261123T120000Z-0000", "efetch", "test", WHEN, "0")


def parse(*records: str) -> ParsedRecords:
    """The tables of some records."""
    (chunk,) = split_document([article_set(*records)], name="test.xml")
    return make_tables(read_chunk(chunk, name="test.xml").records, FROM)


def rows(parsed: ParsedRecords, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a table, a tuple a row."""
    return (
        [tuple(row[c] for c in columns) for row in parsed.tables[table].to_pylist()] if table in parsed.tables else []
    )


def test_a_citation_has_its_journal_dates_and_pages() -> None:
    """What every question needs."""
    (row,) = parse(article(7)).tables["citation"].to_pylist()
    expected = {
        "pmid": 7,
        "article_title": "Ketamine in an invented trial.",
        "medline_ta": "J Invent Res",
        "issn": "1234-5678",
        "volume": "7",
        "issue": "2",
        "pub_date_month": "Mar",
        "pub_year": 2019,
        "pub_date": date(2019, 3, 4),
        "date_revised": date(2020, 1, 2),
        "medline_pgn": "11-9",
        "source": "efetch",
        "is_retracted": False,
        "abstract": None,
    }
    assert {name: row[name] for name in expected} == expected


MATHEMATICS = (
    '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup>'
    "</mml:math>"
)


def test_a_title_is_whole_with_markup_and_mathematics_in_it() -> None:
    """Peers stop at the first tag."""
    title = '<i>In vivo</i> H<sub>2</sub>O and <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>x</mml:mi></mml:math>.'
    assert rows(parse(article(7, title=title)), "citation", "article_title") == [("In vivo H2O and x.",)]


def test_superscripts_can_be_told_where_there_are_any() -> None:
    """10<sup>6</sup> is 106 without its markup; italics tell nothing."""
    title = "Growth at 10<sup>6</sup> cells of <i>E.\n      coli</i> &amp; <sup>14</sup>C"
    section = "<AbstractText>{}</AbstractText>"
    texts = ("P = 2 x 10<sup>-8</sup>", "<i>In vivo</i>", "<b>H<sub>2</sub>O</b>", MATHEMATICS)
    abstract = f"<Abstract>{''.join(map(section.format, texts))}</Abstract>"
    parsed = parse(article(7, title=title, parts=(abstract, "", "")), article(8, title="<i>In vivo</i>."))
    assert rows(parsed, "citation", "pmid", "article_title_xml") == [
        (7, "Growth at 10<sup>6</sup> cells of <i>E. coli</i> &amp; <sup>14</sup>C"),
        (8, None),
    ]
    expected = [("P = 2 x 10-8", texts[0]), ("In vivo", None), ("H2O", texts[2]), ("x2", texts[3])]
    assert rows(parsed, "abstract_section", "section_text", "section_xml") == expected


def test_an_abstract_is_its_sections_with_their_labels() -> None:
    """The sections are kept one by one as well."""
    abstract = '<Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">To <b>see</b>.</AbstractText>'
    abstract += (
        "<AbstractText/><AbstractText>More.</AbstractText><CopyrightInformation>C</CopyrightInformation></Abstract>"
    )
    parsed = parse(article(7, parts=(abstract, "", "")))
    assert rows(parsed, "citation", "abstract", "copyright_information") == [("AIM: To see.\nMore.", "C")]
    assert rows(parsed, "abstract_section", "abstract_kind", "section_order", "label", "section_text") == [
        ("main", 1, "AIM", "To see."),
        ("main", 2, None, ""),
        ("main", 3, None, "More."),
    ]


def test_authors_keep_every_affiliation_and_identifier() -> None:
    """Only the first affiliation is kept by others, and ORCIDs are lost."""
    authors = """<AuthorList CompleteYN="N"><Author ValidYN="Y" EqualContrib="Y"><LastName>One</LastName>
        <ForeName>A B</ForeName><Initials>AB</Initials><Suffix>Jr</Suffix>
        <Identifier Source="ORCID">https://orcid.org/0000000299914000</Identifier>
        <Identifier Source="ORCID">0000-0002-1825-0097</Identifier>
        <AffiliationInfo><Affiliation>First.</Affiliation><Identifier Source="ROR">r1</Identifier></AffiliationInfo>
        <AffiliationInfo><Affiliation>Second.</Affiliation></AffiliationInfo></Author>
        <Author><CollectiveName>The Group</CollectiveName></Author></AuthorList>"""
    parsed = parse(article(7, parts=(authors, "", "")))
    assert rows(
        parsed, "author", "author_order", "last_name", "suffix", "collective_name", "is_equal_contrib", "orcid"
    ) == [
        (1, "One", "Jr", None, True, "0000-0002-1825-0097"),
        (2, None, None, "The Group", None, None),
    ]
    assert rows(parsed, "author_identifier", "identifier", "orcid") == [
        ("https://orcid.org/0000000299914000", None),
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
    ]
    assert rows(parsed, "affiliation", "author_order", "affiliation_order", "affiliation") == [
        (1, 1, "First."),
        (1, 2, "Second."),
    ]
    assert rows(parsed, "affiliation_identifier", "affiliation_order", "identifier") == [(1, "r1")]
    assert rows(parsed, "citation", "is_author_list_complete") == [(False,)]


def test_a_heading_without_qualifier_is_one_row() -> None:
    """Check tags such as Animals have no qualifier and must not vanish."""
    mesh = """<MeshHeadingList>
        <MeshHeading><DescriptorName UI="D000818" MajorTopicYN="N">Animals</DescriptorName></MeshHeading>
        <MeshHeading><DescriptorName UI="D007649" MajorTopicYN="N">Ketamine</DescriptorName>
        <QualifierName UI="Q000494" MajorTopicYN="Y">pharmacology</QualifierName>
        <QualifierName UI="Q000627" MajorTopicYN="N">therapeutic use</QualifierName></MeshHeading>
        <MeshHeading><DescriptorName UI="D008297" MajorTopicYN="N">Male</DescriptorName></MeshHeading>
        </MeshHeadingList>"""
    parsed = parse(article(7, parts=("", mesh, "")))
    assert rows(parsed, "mesh_heading", "heading_order", "qualifier_order", "descriptor_ui", "qualifier_ui") == [
        (1, 1, "D000818", ""),
        (2, 1, "D007649", "Q000494"),
        (2, 2, "D007649", "Q000627"),
        (3, 1, "D008297", ""),
    ]


def test_ids_of_cited_works_are_not_the_citations_own() -> None:
    """`.//ArticleId` finds both; credit for another's DOI is the worst kind of error."""
    data = """<ReferenceList><Title>Refs</Title><Reference><Citation>One <i>J</i> 2001.</Citation><ArticleIdList>
        <ArticleId IdType="doi">10.1/cited</ArticleId><ArticleId IdType="pubmed">11</ArticleId></ArticleIdList>
        </Reference>
        <ReferenceList><Reference><Citation>Two.</Citation></Reference></ReferenceList></ReferenceList>"""
    parsed = parse(article(7, parts=("", "", data)))
    assert rows(parsed, "citation", "doi") == [(None,)]
    assert rows(parsed, "article_id", "id_type", "article_id", "id_path") == [("pubmed", "7", "PubmedData")]
    assert rows(parsed, "cited_reference", "reference_order", "reference_list_order", "citation", "cited_pmid") == [
        (1, 1, "One J 2001.", 11),
        (2, 2, "Two.", None),
    ]
    assert rows(parsed, "reference_list", "reference_list_order", "parent_list_order", "title") == [
        (1, None, "Refs"),
        (2, 1, None),
    ]
    assert rows(parsed, "link", "link_kind", "linked_pmid", "source") == [("reference", 11, "record")]
    assert rows(parsed, "link_list", "source", "link_count") == [("record", 1)]


def test_a_valid_location_goes_before_an_invalid_one() -> None:
    """The rule for the one DOI: own list, then valid, then invalid locations."""
    locations = '<ELocationID EIdType="doi" ValidYN="N">10.1/wrong</ELocationID>'
    locations += '<ELocationID EIdType="doi" ValidYN="Y">10.1/right</ELocationID>'
    assert rows(parse(article(7, parts=(locations, "", ""))), "citation", "doi") == [("10.1/right",)]


def test_a_retracted_paper_is_told_from_the_notice() -> None:
    """Confusing the two is the classic mistake."""
    tie = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="{}"><RefSource>J</RefSource><PMID Version="1">9</PMID>'
    )
    tie += "</CommentsCorrections></CommentsCorrectionsList>"
    parsed = parse(
        article(7, parts=("", tie.format("RetractionIn"), "")), article(8, parts=("", tie.format("RetractionOf"), ""))
    )
    assert rows(parsed, "citation", "pmid", "is_retracted") == [(7, True), (8, False)]
    assert rows(parsed, "comment_correction", "pmid", "ref_type", "related_pmid") == [
        (7, "RetractionIn", 9),
        (8, "RetractionOf", 9),
    ]


def test_a_book_is_read_like_the_rest() -> None:
    """Others drop PubmedBookArticle."""
    book = """<PubmedBookArticle><BookDocument><PMID Version="1">7</PMID>
        <ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
        <Book><Publisher><PublisherName>P</PublisherName><PublisherLocation>L</PublisherLocation></Publisher>
        <BookTitle book="b1">A Book</BookTitle><PubDate><Year>2001</Year></PubDate>
        <AuthorList Type="editors"><Author><LastName>Ed</LastName></Author></AuthorList><Isbn>123</Isbn></Book>
        <ArticleTitle book="b1" part="p">Chapter</ArticleTitle><Language>eng</Language>
        <AuthorList Type="authors"><Author><LastName>Au</LastName></Author></AuthorList>
        <Sections><Section><SectionTitle>One</SectionTitle>
        <Section><SectionTitle>One a</SectionTitle></Section></Section>
        </Sections></BookDocument><PubmedBookData><PublicationStatus>ppublish</PublicationStatus></PubmedBookData>
        </PubmedBookArticle>"""
    parsed = parse(book)
    assert rows(parsed, "citation", "record_kind", "article_title", "pub_year") == [("book", "Chapter", 2001)]
    assert rows(parsed, "book", "book_title", "book_title_book", "article_title_part", "publisher_name") == [
        ("A Book", "b1", "p", "P")
    ]
    assert rows(parsed, "author", "list_path", "list_type", "last_name") == [
        ("Book", "editors", "Ed"),
        ("BookDocument", "authors", "Au"),
    ]
    assert rows(parsed, "book_section", "section_order", "parent_section_order", "section_title") == [
        (1, None, "One"),
        (2, 1, "One a"),
    ]
    assert not parsed.unknown


def test_a_record_that_cannot_be_read_costs_no_other() -> None:
    """It is kept with its XML and the reason, and none of its rows remain."""
    no_name = "<MeshHeadingList><MeshHeading><QualifierName UI='Q1'>x</QualifierName></MeshHeading></MeshHeadingList>"
    parsed = parse(article(7), article(8, parts=("", no_name, "")), article("x"))
    assert rows(parsed, "citation", "pmid") == [(7,)]
    assert parsed.rejected == {8: "mesh_heading.descriptor_name: null in row 0"}
    assert rows(parsed, "rejected_citation", "record_order", "pmid", "reason") == [
        (1, 8, "mesh_heading.descriptor_name: null in row 0"),
        (2, None, "The PMID of the PubmedArticle is 'x', which is not a PMID."),
    ]
    assert rows(parsed, "raw_citation", "pmid") == [(7,), (8,)]
    assert rows(parsed, "language", "pmid") == [(7,)]


@pytest.mark.parametrize("odd", ["0", "-5", "9" * 20, "9" * 5000, "\u0663", "\uff13", "\u00b3", "x"])
def test_a_number_that_its_column_cannot_hold_is_null_and_reported(odd: str) -> None:
    """The record is worth more than the PMID or version of another that it names."""
    tie = '<CommentsCorrections RefType="ErratumIn"><RefSource>J</RefSource><PMID Version="{}">{}</PMID>'
    ties = "".join(
        f"{tie.format(*values)}</CommentsCorrections>"
        for values in ((odd, 9), (1, odd), ("02", "0099999"), ("0099999", 9))
    )
    ties = f"<CommentsCorrectionsList>{ties}</CommentsCorrectionsList>"
    parsed = parse(article(7), article(8, parts=("", ties, "")))
    assert rows(parsed, "comment_correction", "ref_source", "related_pmid", "related_pmid_version") == [
        ("J", 9, None),
        ("J", None, 1),
        ("J", 99999, 2),
        ("J", 9, None),
    ]
    path = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections/PMID"
    assert {(u.path, u.count, u.example_pmid, u.example_text) for u in parsed.unknown.values()} == {
        (path, 1, 8, odd[:200]),
        (f"{path}/@Version", 2, 8, odd[:200]),
    }


def test_a_cited_pmid_that_is_none_is_kept_verbatim() -> None:
    """It is not a citation 0, and no link."""
    ids = "".join(f'<ArticleId IdType="pubmed">{text}</ArticleId>' for text in ("0", "9" * 20, "-5"))
    data = f"<ReferenceList><Reference><ArticleIdList>{ids}</ArticleIdList></Reference></ReferenceList>"
    parsed = parse(article(7, parts=("", "", data)))
    assert rows(parsed, "cited_reference", "cited_pmid") == [(None,)]
    assert rows(parsed, "cited_article_id", "article_id") == [("0",), ("9" * 20,), ("-5",)]
    assert rows(parsed, "link", "linked_pmid") == []


def test_characters_beyond_ascii_are_those_of_their_references() -> None:
    """`&#x96;` is not a dash: that is what Windows has in the same place."""
    parsed = parse(article(7, title="a&#x85;b &#x80; &#x96; &#150; &#xFDD0;."))
    assert rows(parsed, "citation", "article_title") == [("a\x85b \x80 \x96 \x96 \ufdd0.",)]


@pytest.mark.parametrize("code", ["0", "x1F", "xD800", "xDFFF", "xFFFE", "x110000", "99999999999"])
def test_a_reference_to_no_character_is_refused(code: str) -> None:
    """As every XML parser does."""
    with pytest.raises(DocumentError, match=r"line \d+: not well-formed \(invalid char\); download it again"):
        parse(article(7, title=f"&#{code};"))


@pytest.mark.parametrize(
    ("path", "element", "other"),
    [
        ("Article/Language", None, None),
        ("Article/ArticleTitle", "<ArticleTitle>A <i>b</i> &lt;</ArticleTitle>", "<ArticleTitle>A b</ArticleTitle>"),
        ("MedlineJournalInfo/NlmUniqueID", "<NlmUniqueID>1</NlmUniqueID>", "<NlmUniqueID>2</NlmUniqueID>"),
        ("Article/AuthorList/@CompleteYN", '<AuthorList CompleteYN="Y"/>', '<AuthorList CompleteYN="N"/>'),
    ],
)
def test_an_element_that_comes_twice_with_the_same_content_is_one(
    path: str, element: str | None, other: str | None
) -> None:
    """Of two different ones neither is taken; where there is a place for many, both are."""
    if element is None or other is None:
        parsed = parse(article(7).replace("<Language>eng</Language>", "<Language>eng</Language>" * 2))
        assert rows(parsed, "language", "language") == [("eng",), ("eng",)]
        return
    record = re.sub(rf"<{path.split('/')[1]}>.*?</{path.split('/')[1]}>", "", article(7))
    place = f"</{path.split('/', maxsplit=1)[0]}>"
    once, twice, differing = (
        parse(record.replace(place, "".join(elements) + place))
        for elements in ([element], [element, "\n ", element], [element, other])
    )
    assert not once.rejected
    assert not twice.rejected
    assert twice.tables["citation"].drop("content_sha256").equals(once.tables["citation"].drop("content_sha256"))
    assert differing.rejected == {7: f"There are two MedlineCitation/{path}, where there is a place for one."}


def test_an_element_that_nobody_knows_is_reported_and_costs_nothing() -> None:
    """A new DTD must not break the night's run."""
    parsed = parse(article(7, parts=("", "<Novelty>news</Novelty>", "")), article(8, parts=("", "<Novelty/>", "")))
    assert rows(parsed, "citation", "pmid") == [(7,), (8,)]
    ((path, element),) = parsed.unknown.items()
    assert (path, element.count, element.example_pmid, element.example_text) == (
        "MedlineCitation/Novelty",
        2,
        7,
        "news",
    )


def test_what_is_not_written_as_nlm_does_has_the_same_rows() -> None:
    """Comments, CDATA, other quotes, carriage returns: libxml2 writes them as NLM would."""
    record = article(7, title="A &lt; <i>b</i>")
    forms = [
        record,
        record.replace("A &lt; ", "<![CDATA[A < ]]>"),
        record.replace("<i>b</i>", "<!-- not seen --><i>b</i><?nor this?>"),
        record.replace(' PubModel="Print"', " PubModel = 'Print' "),
        record.replace("\n", "\r\n"),
        record.replace("A &lt;", "A &#60;"),
    ]
    citations = [parse(form).tables["citation"].drop("content_sha256").to_pylist() for form in forms]
    assert citations[0][0]["article_title"] == "A < b"
    assert all(citation == citations[0] for citation in citations)


def test_mathml_is_text_under_any_prefix() -> None:
    """NLM declares mml on the element itself; other files have it as the default namespace."""
    for title in (
        'x<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>y</mml:mi></mml:math>',
        'x<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>y</mi></math>',
        'x<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mi mathvariant="bold">y</m:mi></m:math>',
    ):
        parsed = parse(article(7, title=title))
        assert rows(parsed, "citation", "article_title") == [("xy",)]
        assert parsed.unknown == {}


def test_names_that_are_not_ascii_are_reported_like_others() -> None:
    """Unknown elements are never fatal."""
    parsed = parse(article(7, parts=("", "<Gr\xf6\xdfe>1</Gr\xf6\xdfe>", "")))
    assert list(parsed.unknown) == ["MedlineCitation/Gr\xf6\xdfe"]


def test_a_record_that_is_too_large_to_be_published_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be committed, and then no file could be published any more."""
    monkeypatch.setattr("transforms.pubmed_xml.LARGEST_RECORD_BYTES", 20_000)
    parsed = parse(article(7), article(8, title="Ketamine. " * 2_000))
    assert [row["pmid"] for row in parsed.tables["citation"].to_pylist()] == [7]
    assert parsed.rejected.keys() == {8}
    assert parsed.rejected[8].endswith("bytes, more than the 20,000 that can be published.")
    assert rows(parsed, "rejected_citation", "pmid", "record_xml") == [(8, b"")]
