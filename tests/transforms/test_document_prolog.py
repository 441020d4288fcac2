"""What stands before the records of a document: skipped, or a reason to refuse it."""

import pytest

from transforms.document_prolog import explain_root, find_encoding, read_prolog, skip_aside, skip_prolog, to_utf8
from warehouse.errors import DocumentError


@pytest.mark.parametrize(
    ("buffer", "rest"),
    [
        (b"<a/>", b"<a/>"),
        (b" \n<a/>", b"<a/>"),
        (b"<?x?><!----><a/>", b"<a/>"),
        (b"<!-- <a/> --> <?xml-stylesheet href='a>b'?>\n<a/>", b"<a/>"),
        (b"<!-- a -- > <a/>", b"<!-- a -- > <a/>"),
        (b"<!--><a/>", b"<!--><a/>"),
        (b"<!-->--><a/>", b"<a/>"),
        (b"<?><a/>", b"<?><a/>"),
        (b"<?>?><a/>", b"<a/>"),
        (b" <? no end", b"<? no end"),
        (b"text <!-- --><a/>", b"text <!-- --><a/>"),
        (b"", b""),
    ],
)
def test_comments_and_instructions_are_skipped_if_they_are_whole(buffer: bytes, rest: bytes) -> None:
    """The rest of one may come with the next block; a comment does not end with its own beginning."""
    assert buffer[skip_aside(buffer, 0) :] == rest
    assert skip_aside(b"<b/>" + buffer, 4) == 4 + len(buffer) - len(rest)
    assert skip_aside(buffer, len(buffer)) == len(buffer)


@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE x>",
        b'<!DOCTYPE x PUBLIC "-//NLM//DTD >//EN" "a">',
        b"<!DOCTYPE x [<!ELEMENT x ANY> <!-- <!ENTITY --> <?y <!ENTITY ?>]>",
        b"<!DOCTYPE x []\n>",
    ],
)
def test_a_doctype_is_skipped(doctype: bytes) -> None:
    """Whatever is quoted or commented in it."""
    prolog = b"<?xml version='1.0'?>" + doctype + b"<!-- -->"
    assert skip_prolog(prolog + b"<a/>", "a.xml") == len(prolog)


def test_entities_are_refused() -> None:
    """They could turn a small file into a large one, and name other files."""
    with pytest.raises(DocumentError, match=r"^a.xml, line 1: it declares entities of its own"):
        skip_prolog(b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "a.xml")


def test_a_reply_is_explained_in_ncbis_words() -> None:
    """Or by its root element, whatever bytes are in both."""
    body = b"<eFetchResult>\n<error> Cannot\xff process\nID list </error><ERROR>2</ERROR></eFetchResult>"
    assert explain_root(b"eFetchResult", body) == "instead of records NCBI says: Cannot\ufffd process\nID list"
    assert explain_root(b"ht\xffml", b"<html>") == (
        "this is not a set of PubMed records; its root element is ht\ufffdml."
    )


def test_what_a_document_begins_with_is_read_over_blocks() -> None:
    """The bytes behind the start tag come back, and where they begin."""
    blocks = iter([b"<?xml version='1.0'?>\n<!DOCT", b"YPE x>\n<PubmedArt", b"icleSet>\n<Pub", b"medArticle>"])
    rest, root = read_prolog(blocks, "a.xml", is_reply=False)
    assert (rest, root.end_tag, root.line_breaks) == (b"\n<Pub", b"</PubmedArticleSet>", 2)
    assert root.record_tags == (b"PubmedArticle", b"PubmedBookArticle", b"DeleteCitation")
    assert read_prolog(iter([b"<MedlineCitationSet/>"]), "a", is_reply=False)[0] == b"</MedlineCitationSet>"
    rest, root = read_prolog(iter([b"\n\n<BookDocument>"]), "a", is_reply=False)
    assert (rest, root.record_tags, root.end_tag, root.line_breaks) == (b"<BookDocument>", (b"BookDocument",), b"", 2)


@pytest.mark.parametrize(
    ("document", "is_reply", "sentence"),
    [
        (b" \n", False, "a.xml, line 1: there is nothing in it; download it again."),
        (b"PMID- 1", False, "a.xml, line 1: this is not XML of PubMed; nothing of it was read."),
        (b"<html>", False, "a.xml, line 1: this is not a set of PubMed records, by its root element."),
        (b"<html>", True, "a.xml, line 1: this is not a set of PubMed records; its root element is html."),
    ],
)
def test_another_document_is_refused(document: bytes, is_reply: bool, sentence: str) -> None:  # noqa: FBT001
    """The sentence quotes nothing of a file, which may be anybody's."""
    with pytest.raises(DocumentError) as error:
        read_prolog(iter([document]), "a.xml", is_reply=is_reply)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"\xef\xbb\xbf<a/>", (b"<a/>", "utf-8")),
        (b"\xff\xfe\0\0<\0\0\0", (b"<\0\0\0", "utf-32-le")),
        (b"\xff\xfe<\0", (b"<\0", "utf-16-le")),
        (b"\0<\0?", (b"\0<\0?", "utf-16-be")),
        (b"<?xml version='1.0' encoding='latin-1'?>", (b"<?xml version='1.0' encoding='latin-1'?>", "iso8859-1")),
        (b"<a encoding='latin-1'/>", (b"<a encoding='latin-1'/>", "utf-8")),
    ],
)
def test_an_encoding_is_told_by_mark_or_declaration(first: bytes, expected: tuple[bytes, str]) -> None:
    """The mark wins; without either it is UTF-8."""
    assert find_encoding(first, "a.xml") == expected


def test_an_encoding_that_xml_is_not_written_in_is_refused() -> None:
    """Python has codecs that are not XML's."""
    for declared in (b"rot13", b"utf-7", b"nothing", b"", b"\xff"):
        with pytest.raises(DocumentError, match="it declares an encoding that it cannot be in"):
            find_encoding(b"<?xml version='1.0' encoding='" + declared + b"'?>", "a.xml")


def test_bytes_become_utf8_over_any_border_of_blocks() -> None:
    """A character may begin in one block and end in the next; half of one at the end is an error."""
    document = ("<?xml version='1.0'?><a>" + "é" * 300 + "</a>").encode("utf-16")
    blocks = (document[at : at + 3] for at in range(0, len(document), 3))
    assert b"".join(to_utf8(blocks, "a")).decode() == "<?xml version='1.0'?><a>" + "é" * 300 + "</a>"
    with pytest.raises(DocumentError, match=r"^a: some bytes are not in the encoding"):
        list(to_utf8(iter([document[:-1]]), "a"))
