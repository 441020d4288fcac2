"""Records cut out of a chunk: their bytes, hashes, PMIDs, and what they withdraw."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.transforms.test_elements import PIECES
from transforms import raw_records
from transforms.elements import Elements, find_elements
from transforms.pubmed_document import DocumentChunk
from transforms.raw_records import borders_of, content_of, read_chunk, slice_records, version_of
from warehouse.errors import DocumentError


def record(pmid: str, *, tag: str = "PubmedArticle", version: str = ' Version="1"') -> str:
    """A record that has a PMID alone."""
    return f"<{tag}><MedlineCitation><PMID{version}>{pmid}</PMID></MedlineCitation></{tag}>"


def elements_of(xml: bytes) -> Elements:
    """The elements of some records."""
    elements = find_elements(xml)
    assert elements is not None
    return elements


def test_slices_are_the_records_byte_for_byte() -> None:
    """Whitespace between them belongs to none; an instruction in one stays."""
    one, two = record("1"), record("2").replace("<PMID", "<?pmcsd ?><PMID")
    xml = f"\n {one}\n\t{two} \n".encode()
    borders = borders_of(DocumentChunk(xml, 1), elements_of(xml), "a")
    assert [xml[first:last] for first, last in zip(*borders, strict=True)] == [one.encode(), two.encode()]


@pytest.mark.parametrize("xml", ["x{0}{1}", "{0} x {1}", "{0}{1}x", "{0}{1} x"])
def test_text_between_records_is_refused_with_its_line(xml: str) -> None:
    """It would be lost silently."""
    text = xml.format(record("1"), record("2")).encode()
    with pytest.raises(DocumentError, match=r"^a, line 7: there is text between the records; not read\.$"):
        borders_of(DocumentChunk(text, 7), elements_of(text), "a")


def test_borders_in_comments_are_none() -> None:
    """If libxml2 has read the chunk, its bytes are searched for the records' tags."""
    xml = b"<!-- </r><r> --><r><![CDATA[</r>]]></r> <r/>"
    records = list(etree.fromstring(b"<c>" + xml + b"</c>", etree.XMLParser(remove_comments=True)))
    assert slice_records(xml, records[:1]) == [b"<r><![CDATA[</r>]]></r>"]
    # An empty element has no end tag to find: the records are taken as they were rewritten.
    assert slice_records(xml, records) is None
    assert slice_records(b"x<r></r>", records[:1]) is None


TWO = "</PMID><PMID>8</PMID>"


@pytest.mark.parametrize(
    ("xml", "pmid", "version", "refused"),
    [
        (record("7"), 7, 1, ""),
        (record("7", version=' Version="3"'), 7, 3, ""),
        (record("7", version=""), 7, 1, ""),
        (record(" 0007 "), 7, 1, ""),
        (record("PMC7"), None, 1, "The PMID of the PubmedArticle is 'PMC7', which is not a PMID."),
        (record("7", version=' Version="x"'), 7, 1, "The version of the PMID is 'x', which is not a number from 1 to "),
        (record("7").replace("</PMID>", TWO), None, 1, "The PubmedArticle has two PMIDs, where there is a place for"),
        (record("8", version="").replace("</PMID>", TWO), 8, 1, ""),
        (record("7").replace("PMID", "Pmid"), None, 1, "The PubmedArticle has no PMID."),
        ("<MedlineCitation><PMID>9</PMID></MedlineCitation>", 9, 1, ""),
    ],
)
def test_a_record_has_one_pmid_or_is_refused(xml: str, pmid: int | None, version: int, refused: str) -> None:
    """A second one that is the same does not count."""
    (found,) = read_chunk(DocumentChunk(xml.encode(), 1), name="a").records
    assert (found.pmid, found.pmid_version, bool(found.refused)) == (pmid, version, bool(refused))
    assert found.refused.startswith(refused)


def test_deletions_are_the_pmids_named_and_what_is_none_is_said_with_its_line() -> None:
    """Records come before them, as in NLM's files."""
    xml = f"{record('1')}\n<DeleteCitation>\n<PMID>2</PMID>\n<PMID>x</PMID></DeleteCitation>".encode()
    found = read_chunk(DocumentChunk(xml, 10), name="a.xml")
    assert [r.pmid for r in found.records] == [1]
    assert [(pmid, evidence) for pmid, evidence, _ in found.deletions] == [(2, "DeleteCitation")]
    assert found.refused == [
        "a.xml, line 13: DeleteCitation names 'x', which is not a PMID; nothing is withdrawn by it."
    ]


def test_layout_is_no_content_and_blanks_in_text_are() -> None:
    """NLM's files and EFetch lay the same record out in two ways."""
    flat = record("1").encode()
    laid_out = flat.replace(b"><", b">\r\n\t <")
    assert content_of(laid_out) == content_of(flat) == flat
    assert content_of(b"<a>x\n  y</a>") == b"<a>x\ny</a>"
    hashes = {read_chunk(DocumentChunk(xml, 1), name="a").records[0].content_sha256 for xml in (flat, laid_out)}
    assert hashes == {hashlib.sha256(flat).hexdigest()}


def test_a_record_without_a_version_is_the_first() -> None:
    """As files before 2008 mean it."""
    tags = elements_of(b'<PMID Status="x"></PMID><PMID Version="2"></PMID>').start_tags
    assert [version_of(tag) for tag in tags] == ["1", "2"]


ODD = [
    b"<![CDATA[</PubmedArticle>]]>",
    b"<!-- </PubmedArticle> -->",
    b"\x0c",
    b"</PubmedArticle >",
    b"<PubmedArticle/>",
]
DELETION = '<DeleteCitation><PMID Version="1">4</PMID></DeleteCitation>'
WHOLE = [record("1"), record("2"), record("3"), DELETION, record("5")]


def read_or_refused(xml: bytes) -> object:
    """What a chunk holds, or why it is refused."""
    try:
        found = read_chunk(DocumentChunk(xml, 1), name="a")
    except DocumentError as exc:
        return str(exc)
    records = [(r.pmid, r.pmid_version, r.record_xml, r.content_sha256, r.tag, r.refused) for r in found.records]
    texts = [r.elements.texts_in(r.position) for r in found.records]
    return records, texts, [(pmid, evidence) for pmid, evidence, _ in found.deletions], found.refused


@settings(max_examples=600)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from([*ODD, *PIECES])), min_size=1, max_size=3
    )
)
def test_records_that_are_rewritten_alone_are_as_those_of_a_chunk_that_is(
    changes: list[tuple[int, int, bytes]],
) -> None:
    """Only what needs libxml2 goes through it, and nothing is told from it."""
    xml = "\n".join(WHOLE).encode()
    for place, gone, piece in changes:
        xml = xml[:place] + piece + xml[place + gone :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_records, "rewrite_few", lambda _: None)
        together = read_or_refused(xml)
    assert read_or_refused(xml) == together


def test_one_odd_record_does_not_take_the_others_through_libxml2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those are the majority."""
    parsed: list[bytes] = []
    parse = raw_records.parse_xml

    def parse_noted(xml: bytes, *, name: str) -> etree._Element:
        parsed.append(xml)
        return parse(xml, name=name)

    monkeypatch.setattr(raw_records, "parse_xml", parse_noted)
    odd = record("2").replace("<PMID", "<!-- c --><PMID").encode()
    xml = b"\n".join([record("1").encode(), odd, *(record(str(pmid)).encode() for pmid in range(3, 9))])
    assert [r.record_xml for r in read_chunk(DocumentChunk(xml, 1), name="a").records] == xml.split(b"\n")
    assert parsed == [odd]
