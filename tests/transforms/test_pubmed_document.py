"""Documents are cut into records whatever their shape, and refused when they are not whole."""

import pytest

from tests.records import article, article_set
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from warehouse.errors import DocumentError


def read(document: bytes, *, block: int = 1000, chunk_bytes: int = 4000) -> list[RawRecord]:
    """All records of a document that comes in small blocks."""
    blocks = [document[start : start + block] for start in range(0, len(document), block)]
    chunks = split_document(blocks, name="test.xml", chunk_bytes=chunk_bytes)
    return [record for chunk in chunks for record in read_chunk(chunk, name="test.xml").records]


def test_records_are_cut_out_byte_for_byte_over_all_chunks() -> None:
    """Raw bytes are kept as they came."""
    document = article_set(*(article(pmid) for pmid in range(1, 20)))
    records = read(document)
    assert [record.pmid for record in records] == list(range(1, 20))
    assert all(record.record_xml in document for record in records)
    assert all(record.record_xml.endswith(b"</PubmedArticle>") for record in records)


@pytest.mark.parametrize(
    "document",
    [
        article_set(article(7)).split(b"\n", 2)[2],
        b"\xef\xbb\xbf" + article_set(article(7)),
        article_set(article(7)).replace(b"\n", b"\r\n"),
        article_set(article(7)).decode().encode("utf-16"),
        article_set(article(7)).replace(b'"1.0" ?', b'"1.0" encoding="iso-8859-1"?'),
        article(7).encode(),
        b"<MedlineCitationSet>"
        + article(7).split("<PubmedData>")[0].split("\n", 1)[1].encode()
        + b"</MedlineCitationSet>",
        article_set("<!-- <PubmedArticle></PubmedArticle> -->", article(7), "<!-- </PubmedArticle> -->"),
    ],
    ids=["no DOCTYPE", "mark", "CRLF", "UTF-16", "Latin-1", "no set", "old set", "comments"],
)
def test_a_document_of_another_shape_has_the_same_record(document: bytes) -> None:
    """Files since 2006 are about, and people save them with whatever they have."""
    assert [record.pmid for record in read(document)] == [7]


def test_pretty_printing_and_line_ends_are_no_change_of_content() -> None:
    """NLM's files and EFetch print the same record differently."""
    document = article_set(article(7))
    forms = (document, document.replace(b"\n", b"\r\n"), document.replace(b"\n  ", b"\n\t\t"))
    assert len({read(form)[0].content_sha256 for form in forms}) == 1


def test_a_blank_between_two_marked_words_is_content() -> None:
    """A parser told to remove blank text would make one word of two."""
    (record,) = read(article_set(article(7, title="<i>a</i> <b>b</b>")))
    title = record.parse().find(".//ArticleTitle")
    assert title is not None
    assert "".join(map(str, title.itertext())) == "a b"


@pytest.mark.parametrize("empty", [b"<PubmedArticleSet></PubmedArticleSet>", b"<PubmedArticleSet/>", article_set()])
def test_an_empty_set_has_no_records(empty: bytes) -> None:
    """It is what EFetch says when it knows none of the PMIDs."""
    assert read(empty) == []


def test_documents_one_behind_the_other_are_read_as_one() -> None:
    """As `cat` and EDirect write them; a line in an error is one of the file."""
    empty = b"<PubmedArticleSet/>"
    sets = [article_set(article(1)), b"\xef\xbb\xbf" + article_set(article(2)), article_set(), article_set(article(3))]
    parts = [empty, *sets[:2], empty, empty, *sets[2:]]
    assert [record.pmid for record in read(b"\n".join([*parts, empty]))] == [1, 2, 3]
    assert [record.pmid for record in read(b"\n".join(parts))] == [1, 2, 3]
    together = b"".join(parts)
    last_line = together.count(b"\n")
    with pytest.raises(DocumentError, match=f"line {last_line}: the document ends half way"):
        read(together[:-20])


def test_behind_an_empty_set_there_is_nothing() -> None:
    """What stands there would be lost without a word."""
    with pytest.raises(DocumentError, match="line 2: the document ends half way"):
        read(b"<PubmedArticleSet/>\n<Article/>")


def test_deletions_are_told_from_records() -> None:
    """DeleteCitation stands at the end of update files."""
    document = article_set(article(7), after="<DeleteCitation><PMID>8</PMID><PMID>9</PMID></DeleteCitation>")
    (chunk,) = split_document([document], name="test.xml")
    assert read_chunk(chunk, name="test.xml").deletions == [(8, "DeleteCitation"), (9, "DeleteCitation")]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (article_set(article(7))[:-40], "test.xml, line 29: the document ends half way"),
        (article_set(article(7), article(8))[:-200], "ends half way"),
        (b"<html><body>502</body></html>", "its root element is html"),
        (b"PMID- 7\nTI  - Title", "not XML of PubMed; it begins with 'PMID- 7"),
        (b"", "there is nothing in it"),
        (b"<eFetchResult><ERROR>No such id</ERROR></eFetchResult>", "NCBI says: No such id"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><PubmedArticleSet/>', "declares entities of its own"),
        (
            b'<!DOCTYPE a [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><PubmedArticleSet>&b;</PubmedArticleSet>',
            "declares entities",
        ),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "elsewhere.ent">]><PubmedArticleSet>&x;</PubmedArticleSet>',
            "declares",
        ),
        (article_set(article(7, title="a & b")), "test.xml, line 15: not well-formed"),
        (article_set(article(7, title="&nbsp;")), "not well-formed"),
        (article_set("junk", article(7)), "text between the records"),
    ],
    ids=[
        "no end",
        "cut",
        "html",
        "medline text",
        "empty",
        "error",
        "entity",
        "bomb",
        "external entity",
        "ampersand",
        "unknown entity",
        "junk",
    ],
)
def test_a_document_that_cannot_be_used_is_one_sentence(document: bytes, sentence: str) -> None:
    """The sentence names the document and, where it makes sense, the line."""
    with pytest.raises(DocumentError, match=sentence):
        read(document)


def test_the_whole_records_of_a_broken_document_can_be_had_if_asked_for() -> None:
    """The break is reported, never passed over."""
    told: list[str] = []
    document = article_set(article(7), article(8))[:-200]
    chunks = list(split_document([document], name="test.xml", on_break=told.append))
    records = [record.pmid for chunk in chunks for record in read_chunk(chunk, name="test.xml").records]
    assert records == [7]
    assert len(told) == 1


def test_a_record_that_never_ends_is_refused_before_memory_is() -> None:
    """A gigabyte in one element is no record of PubMed."""
    endless = (b"<PubmedArticleSet><PubmedArticle>" if number == 0 else b"x" * (1 << 20) for number in range(1000))
    with pytest.raises(DocumentError, match="more than 64 MiB"):
        list(split_document(endless, name="test.xml"))


@pytest.mark.parametrize("pmid", ["", "x", "-1", "1.5"])
def test_a_pmid_that_is_no_number_is_not_guessed(pmid: str) -> None:
    """The transform refuses such a record; here it only has no PMID."""
    assert read(article_set(article(pmid)))[0].pmid is None
