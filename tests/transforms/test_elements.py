"""The elements found in bytes, beside what libxml2 finds in the same."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from transforms.elements import find_elements

RECORD = (
    '<PubmedArticle>\n  <MedlineCitation Status="MEDLINE" Owner="NLM">\n    <PMID Version="1">7</PMID>\n'
    '    <Article PubModel="Print"><ArticleTitle>A &lt;<i>b</i>&#x3b1; é 한 .</ArticleTitle><Empty/></Article>\n'
    "  </MedlineCitation>\n</PubmedArticle>"
).encode()
PIECES = [
    b"<", b">", b"&", b'"', b"'", b"/", b"!", b"?", b"=", b" ", b"\n", b"\t", b"\r", b"\0", b"\x0b", b"\xff", b"x",
    b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", "\xf6".encode(),
    b"&#0;", b"&#xD800;", b"&#xFFFE;", b"&#x110000;", b"&#10;", b"&#13;", b"&bomb;", b"&amp", b"&lt;",
    b"<i>", b"</i>", b"<i/>", b"<!-- c -->", b"<![CDATA[x]]>", b"]]>", b"<?pi?>",
    b' a="1"', b' a="1" a="2"', b" a='1'", b' a="&lt;"', b' a="<"', b' a="&x;"', b' a="\n"',
    b"<1>", b"<a b>", b"</>", b"< i>", "<\xf6/>".encode(), "<\xb2/>".encode(), "<a\xb2/>".encode(),
]  # fmt: skip


def libxml2_reads(xml: bytes) -> etree._Element | None:
    """The tree below an element around it; None if it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
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


def test_a_record_is_found() -> None:
    """The one that the other tests change is read at all."""
    assert find_elements(RECORD) is not None
    assert_same(RECORD)


@settings(max_examples=600, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(RECORD)), st.integers(0, 6), st.sampled_from(PIECES)), min_size=1, max_size=4
    )
)
@example(changes=[(0, 0, b"text")])
def test_what_is_not_well_formed_is_never_taken(changes: list[tuple[int, int, bytes]]) -> None:
    """Wherever bytes are put in or taken out."""
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


@pytest.mark.parametrize("xml", [b"", b"text", b"<a>", b"</a>", b"<a></b>", b"<a><b></a></b>", b"<a" + b">" * 3])
def test_pieces_are_not_taken(xml: bytes) -> None:
    """Nor is what holds no element."""
    assert find_elements(xml) is None
