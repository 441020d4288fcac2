"""The elements found in bytes, compared with what libxml2 finds in them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from transforms.elements import Elements, find_elements
from transforms.reading_kernel import kernel

RECORD = (
    '<PubmedArticle>\n  <MedlineCitation Status="MEDLINE" Owner="NLM">\n    <PMID Version="1">7</PMID>\n'
    '    <Article PubModel="Print"><ArticleTitle>A &lt;<i>b</i>&#x3b1; é 한 .</ArticleTitle><Empty/></Article>\n'
    "  </MedlineCitation>\n</PubmedArticle>"
).encode()
PIECES = [
    b"<", b">", b"&", b'"', b"'", b"/", b"!", b"?", b"=", b" ", b"\n", b"\t", b"\r", b"\0", b"\x0b", b"\xff", b"x",
    b"\xc2\xa0", b"\xe2\x80\x89", b"\xe3\x80\x80", b"\xc2\x85", "\xe9".encode(), b"&lt;", b"&amp;lt;", b"&#32;",
    b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", "\xf6".encode(),
    b"&#x80;", b"&#x96;", b"&#x7f;", b"&#xFDD0;", b"&#x1FFFE;", b' a="&#x96;"',
    b"&#0;", b"&#xD800;", b"&#xFFFE;", b"&#x110000;", b"&#10;", b"&#13;", b"&bomb;", b"&amp", b"&lt;",
    b"<i>", b"</i>", b"<i/>", b"<!-- c -->", b"<![CDATA[x]]>", b"]]>",
    b"<?pi?>", b"<?pmcsd ?>", b"<?a b=c?>", b"<?a ? ?>", b"<?xml ?>", b"<?XML?>", b"<?xml-a?>", b"<?a:b?>", b"<?1?>",
    b"<??>", b"<?a <b> ?>", b"<?a\nb?>", b"<?a &b; ?>",
    b' a="1"', b' a="1" a="2"', b" a='1'", b' a="&lt;"', b' a="<"', b' a="&x;"', b' a="\n"',
    b"<1>", b"<a b>", b"</>", b"< i>", "<\xf6/>".encode(), "<\xb2/>".encode(), "<a\xb2/>".encode(),
]  # fmt: skip


def libxml2_reads(xml: bytes) -> etree._Element | None:
    """The tree below an element around it; None if it is not well-formed."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True, remove_comments=True
    )
    try:
        return etree.fromstring(b"<chunk>" + xml + b"</chunk>", parser)
    except etree.XMLSyntaxError:
        return None


def assert_same(xml: bytes) -> None:
    """What is taken is well-formed, and has the same elements, attributes, parents and texts."""
    elements = find_elements(xml)
    if elements is None:
        return
    root = libxml2_reads(xml)
    assert root is not None, xml
    theirs = list(root.iterdescendants())
    assert [elements.name_of(e) for e in range(len(elements.tag))] == [e.tag for e in theirs]
    assert [dict(elements.start_tag(e).attributes) for e in range(len(elements.tag))] == [
        dict(e.attrib) for e in theirs
    ]
    places: dict[etree._Element | None, int] = {element: place for place, element in enumerate(theirs)}
    assert elements.parent.tolist() == [places.get(e.getparent(), -1) for e in theirs]
    assert [elements.texts_in(e) for e in range(len(elements.tag))] == ["".join(map(str, e.itertext())) for e in theirs]
    for element, text in enumerate(texts_of(elements)):
        assert text is None or text == elements.whole_text(element)


def texts_of(elements: Elements) -> list[str | None]:
    """The text of each element, made for many at once; None if it is left to `whole_text`."""
    e = elements
    found, made, odd = kernel.texts(e.xml, e.offsets, e.flags, e.tag, e.end, np.ones(len(e.tag), bool))
    texts: list[str | None] = kernel.Strings(e.xml, e.offsets, made).take(found).to_pylist()
    return [None if element in odd else text or "" for element, text in enumerate(texts)]


def test_a_record_is_found() -> None:
    """The record that the other tests change can be read."""
    assert find_elements(RECORD) is not None
    assert_same(RECORD)


@settings(max_examples=600)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(RECORD)), st.integers(0, 6), st.sampled_from(PIECES)), min_size=1, max_size=4
    )
)
@example(changes=[(0, 0, b"text")])
def test_what_is_not_well_formed_is_never_taken(changes: list[tuple[int, int, bytes]]) -> None:
    """Wherever bytes are inserted or removed."""
    xml = RECORD
    for place, gone, piece in changes:
        xml = xml[:place] + piece + xml[place + gone :]
    assert_same(xml)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("place", [b"<i>", b"</i>", b"7</PMID>", b' Version="1"', b"1", b"<Empty/>", b"\n  </Med"])
def test_odd_bytes_at_odd_places(piece: bytes, place: bytes) -> None:
    """Each of them before, and instead of, each place."""
    assert_same(RECORD.replace(place, piece + place, 1))
    assert_same(RECORD.replace(place, piece, 1))


def test_a_line_break_between_the_tags_inside_of_a_text_is_cleaned() -> None:
    """MathML is laid out like records are, in the middle of a sentence."""
    record = RECORD.replace(b"<i>b</i>", b"b<i>\n  <b>\n    c</b>\n  </i>d")
    assert_same(record)
    elements = find_elements(record)
    assert elements is not None
    title = [elements.name_of(e) for e in range(len(elements.tag))].index("ArticleTitle")
    assert texts_of(elements)[title] is None


def test_a_processing_instruction_is_part_of_no_text() -> None:
    """PubMed Central leaves them in titles; each record's borders in the bytes as they came stay."""
    record = RECORD.replace(b"</i>", b"<?pmcsd ?></i><?nihms a?>")
    elements = find_elements(b"<?a?>" + record + b"<?b?>\n" + RECORD + b"<?c?>")
    assert elements is not None
    firsts, lasts = elements.source_borders(elements.levels[0])
    assert [elements.source[a:b] for a, b in zip(firsts, lasts, strict=True)] == [record, RECORD]
    title = [elements.name_of(e) for e in range(len(elements.tag))].index("ArticleTitle")
    assert elements.texts_in(title) == "A <b\u03b1 é 한 ."
    assert_same(record)


@pytest.mark.parametrize(
    "halves", [(b"&l", b"t;"), (b"\xc3", b"\xa9"), (b"<i", b"/>"), (b"<i", b" />"), (b"<", b"i/>")]
)
def test_a_processing_instruction_parts_no_tag_reference_or_character(halves: tuple[bytes, bytes]) -> None:
    """Without it they would be one."""
    assert find_elements(b"<a>" + b"".join(halves) + b"</a>") is not None
    assert find_elements(b"<a>" + b"<?pi?>".join(halves) + b"</a>") is None


@pytest.mark.parametrize("xml", [b"", b"text", b"<a>", b"</a>", b"<a></b>", b"<a><b></a></b>", b"<a" + b">" * 3])
def test_pieces_are_not_taken(xml: bytes) -> None:
    """Nor is what holds no element."""
    assert find_elements(xml) is None
