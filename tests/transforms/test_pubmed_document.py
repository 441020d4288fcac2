"""Documents are cut into records whatever their shape, and refused when they are not whole."""

import codecs
import hashlib

import pytest

from tests.records import article, article_set
from transforms.document_prolog import ENCODINGS
from transforms.pubmed_document import split_document
from transforms.raw_records import RawRecord, content_of, read_chunk
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
    """Files since 2006 are still around, and people save them with any program."""
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
    """What stands there would be lost silently."""
    with pytest.raises(DocumentError, match="line 2: the document ends half way"):
        read(b"<PubmedArticleSet/>\n<Article/>")


def test_deletions_are_told_from_records() -> None:
    """DeleteCitation stands at the end of update files."""
    document = article_set(article(7), after="<DeleteCitation><PMID>8</PMID><PMID>9</PMID></DeleteCitation>")
    (chunk,) = split_document([document], name="test.xml")
    found = read_chunk(chunk, name="test.xml")
    assert [deletion[:2] for deletion in found.deletions] == [(8, "DeleteCitation"), (9, "DeleteCitation")]
    assert found.deletions[0][2] > found.records[0].position


def test_a_processing_instruction_stays_in_the_record_as_it_came() -> None:
    """Its bytes and their sum, whichever way it is read; the sum of a record beside it does not change."""
    seven, eight = article(7).replace("<PMID", "<?pmcsd ?><PMID", 1), article(8)
    plain = read(article_set(seven, eight), chunk_bytes=100_000)
    # A comment has libxml2 read the whole chunk.
    other = read(article_set(seven, eight, after="<!-- c -->"), chunk_bytes=100_000)
    assert [record.record_xml.decode() for record in plain] == [seven.strip(), eight.strip()]
    assert plain[0].content_sha256 == hashlib.sha256(content_of(seven.strip().encode())).hexdigest()
    assert [record.content_sha256 for record in plain] == [record.content_sha256 for record in other]
    assert plain[1].content_sha256 == read(article_set(eight))[0].content_sha256


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (article_set(article(7))[:-40], "test.xml, line 29: the document ends half way"),
        (article_set(article(7), article(8))[:-200], "ends half way"),
        (b"<html><body>502</body></html>", "not a set of PubMed records, by its root element"),
        (b"PMID- 7\nTI  - Title", "not XML of PubMed; nothing of it was read"),
        (b"", "there is nothing in it"),
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


def test_an_error_of_ncbi_is_told_in_its_words() -> None:
    """NCBI's answer says what was wrong with the request."""
    reply = b"<eFetchResult><ERROR>No such id</ERROR></eFetchResult>"
    with pytest.raises(DocumentError, match="instead of records NCBI says: No such id"):
        list(split_document([reply], name="EFetch reply", is_reply=True))


@pytest.mark.parametrize(
    "document",
    [
        b"NCBI_API_KEY=hunter2",
        b"<hunter2/>",
        b"<x><ERROR>hunter2</ERROR></x>",
        b'<?xml version="1.0" encoding="hunter2"?><PubmedArticleSet/>',
        b'<?xml version="1.0" encoding="ascii-hunter2"?><PubmedArticleSet/>',
        article_set("<PubmedArticle><hunter2></hunter3></PubmedArticle>"),
        article_set("<PubmedArticle>&hunter2;</PubmedArticle>"),
        article_set("<PubmedArticle><hunter2:x hunter2=1/></PubmedArticle>"),
        article_set("hunter2", article(7)),
    ],
)
def test_an_error_never_quotes_a_file(document: bytes) -> None:
    """It can be a file of secrets that somebody named by mistake, and errors are shown to others."""
    with pytest.raises(DocumentError) as caught:
        read(document)
    assert "hunter" not in str(caught.value)


def test_the_whole_records_of_a_broken_document_can_be_had_if_asked_for() -> None:
    """The break is reported, never passed over."""
    told: list[str] = []
    document = article_set(article(7), article(8))[:-200]
    chunks = list(split_document([document], name="test.xml", on_break=told.append))
    records = [record.pmid for chunk in chunks for record in read_chunk(chunk, name="test.xml").records]
    assert records == [7]
    assert len(told) == 1


def test_a_record_that_never_ends_is_refused_before_memory_is() -> None:
    """A gigabyte in one element is not a record of PubMed."""
    endless = (b"<PubmedArticleSet><PubmedArticle>" if number == 0 else b"x" * (1 << 20) for number in range(1000))
    with pytest.raises(DocumentError, match="more than 64 MiB"):
        list(split_document(endless, name="test.xml"))


@pytest.mark.parametrize("pmid", ["", "x", "0", "-1", "1.5", "9" * 20])
def test_a_pmid_that_is_none_is_not_guessed(pmid: str) -> None:
    """The transform refuses such a record, and says which value it was."""
    (record,) = read(article_set(article(pmid)))
    assert record.pmid is None
    assert record.refused == f"The PMID of the PubmedArticle is '{pmid}', which is not a PMID."


@pytest.mark.parametrize("version", ["", "0", "-1", "0099999", "one"])
def test_a_version_that_is_none_is_not_guessed(version: str) -> None:
    """It would decide which of two records holds."""
    (record,) = read(article_set(article(7).replace('Version="1"', f'Version="{version}"')))
    assert (record.pmid, record.refused) == (
        7,
        f"The version of the PMID is '{version}', which is not a number from 1 to 32,767.",
    )


def test_of_two_pmids_none_is_taken_unless_they_are_the_same() -> None:
    """To take either would be a guess."""
    own = '<PMID Version="1">7</PMID>'
    same, other = (article(7).replace(own, own + second) for second in (own, own.replace("7", "8")))
    records = read(article_set(same, other))
    assert [(record.pmid, record.refused) for record in records] == [
        (7, ""),
        (None, "The PubmedArticle has two PMIDs, where there is a place for one."),
    ]


@pytest.mark.parametrize("pmid", ["", "0", "-5", "9" * 20, "\u0663"])
def test_a_deletion_that_names_no_pmid_is_said_and_the_rest_is_read(pmid: str) -> None:
    """The sentence names file, line and value."""
    after = f"<DeleteCitation>\n<PMID>{pmid}</PMID><PMID>0000008</PMID></DeleteCitation>"
    document = article_set(article(7), after=after)
    (chunk,) = split_document([document], name="test.xml")
    found = read_chunk(chunk, name="test.xml")
    line = (
        document.decode()
        .split("\n")
        .index(f"<PMID>{pmid}</PMID><PMID>0000008</PMID></DeleteCitation></PubmedArticleSet>")
        + 1
    )
    assert [record.pmid for record in found.records] == [7]
    assert [deletion[:2] for deletion in found.deletions] == [(8, "DeleteCitation")]
    assert found.refused == [
        f"test.xml, line {line}: DeleteCitation names '{pmid}', which is not a PMID; nothing is withdrawn by it."
    ]


def declaring(encoding: str, title: str = "trial") -> bytes:
    """A document of one record that says which encoding it is in."""
    document = article_set(article(7, title=title)).decode()
    return document.replace("?>", f'encoding="{encoding}"?>', 1).encode("utf-8" if title == "trial" else encoding)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("UTF-8", "\u03b1"),
        ("us-ascii", "a"),
        ("ISO-8859-1", "\xe9"),
        ("iso-8859-7", "\u03b1"),
        ("windows-1252", "\u2013"),
        ("windows-1251", "\u0436"),
        ("KOI8-R", "\u0436"),
        ("Shift_JIS", "\u85ac"),
        ("EUC-JP", "\u85ac"),
        ("ISO-2022-JP", "\u85ac"),
        ("GB18030", "\u836f"),
        ("GBK", "\u836f"),
        ("Big5", "\u85e5"),
        ("EUC-KR", "\uc57d"),
    ],
)
def test_encodings_of_xml_are_read(encoding: str, title: str) -> None:
    """Those that documents are really written in, by their registered names."""
    (record,) = read(declaring(encoding, title))
    assert f"<ArticleTitle>{title}</ArticleTitle>".encode() in record.record_xml


@pytest.mark.parametrize(
    "encoding",
    [
        *("rot13", "zlib", "bz2", "hex", "base64", "quopri", "uu", "idna", "punycode", "utf-7", "undefined"),
        *("unicode_escape", "raw_unicode_escape", "mbcs", "cp037", "utf-16", "utf-32", "nosuch", "", "utf 8", "\xe9"),
    ],
)
def test_what_is_no_encoding_of_xml_is_refused(encoding: str) -> None:
    """Python's codecs are more than XML's; and a declaration in ASCII is not in UTF-16."""
    with pytest.raises(DocumentError, match=r"line 1: it declares an encoding that it cannot be in; save it as"):
        read(declaring(encoding))


def test_every_encoding_is_called_as_python_calls_it() -> None:
    """Otherwise it would be refused."""
    assert {name for name in ENCODINGS - {"iso8859-12"} if codecs.lookup(name).name != name} == set()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_byte_order_mark_goes_before_the_declaration(encoding: str) -> None:
    """Editors save in another encoding and leave the declaration as it was."""
    document = declaring("iso-8859-1").decode().replace("trial", "tri\xe4l").encode(encoding)
    (record,) = read(document)
    assert "tri\xe4l" in record.record_xml.decode()


def test_bytes_that_are_not_in_their_encoding_are_one_sentence() -> None:
    """Nothing of them is guessed."""
    with pytest.raises(
        DocumentError, match=r"test.xml: some bytes are not in the encoding that it declares; save it as UTF-8"
    ):
        read(declaring("EUC-JP").replace(b"trial", b"tri\xff\xffl"))


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE PubmedArticleSet [<!ATTLIST PMID Version CDATA "1"><!-- > ]> -->]>',
        "<!DOCTYPE PubmedArticleSet [<!-- it's <!ENTITY --> <?pi ]> ?><!ATTLIST PMID a CDATA ']>'>] >",
        "<!DOCTYPE PubmedArticleSet SYSTEM '[>'>",
    ],
)
def test_a_prolog_is_read_as_xml_says(prolog: str) -> None:
    """What stands in comments, instructions and quotes is not a mark."""
    document = f"{prolog}<PubmedArticleSet a='>/'>{article(7)}</PubmedArticleSet >".encode()
    assert [record.pmid for record in read(document)] == [7]


@pytest.mark.parametrize("rest", [b" " * 5000, b"<!-- -->" * 5000, b"<?a?>" * 5000])
def test_what_follows_a_document_is_looked_at_once(rest: bytes) -> None:
    """Otherwise all ways to split it would be tried, forever."""
    with pytest.raises(DocumentError, match="ends half way"):
        read(b"<PubmedArticleSet></PubmedArticleSet>" + rest + b"x", block=100_000)


def test_a_border_in_a_comment_cuts_no_record() -> None:
    """The bytes are kept as they came."""
    record = article(7, title="a<!-- </PubmedArticle> -->b").strip()
    assert [r.record_xml.decode() for r in read(article_set(record))] == [record]


@pytest.mark.parametrize("marks", [("<!--", "-->"), ("<ArticleTitle><![CDATA[", "]]></ArticleTitle>")])
def test_an_end_tag_in_a_comment_ends_nothing(marks: tuple[str, str]) -> None:
    """The record's bytes are kept whole, as they came."""
    inside = f"{marks[0]}</PubmedArticle>\n<PubmedArticle>{marks[1]}"
    document = article_set(article(1, parts=(inside, "", "")), article(2))
    records = read(document)
    assert [record.pmid for record in records] == [1, 2]
    assert inside.encode() in records[0].record_xml
    assert all(record.record_xml in document for record in records)


@pytest.mark.parametrize(
    "inside",
    [
        "<!--" + "</PubmedArticle>" * 200_000 + "-->",
        "<![CDATA[x]]>" + "<!--</PubmedArticle>-->" * 100_000,
        "<![CDATA[" + "</PubmedArticle>" * 200_000 + "]]>",
    ],
    ids=["a comment", "comments", "CDATA"],
)
def test_many_end_tags_that_end_nothing_are_looked_at_once(inside: str) -> None:
    """Otherwise each would cost a search of all that is before it, and this would take minutes."""
    document = article_set(article(1, parts=(inside, "", "")))
    chunks = list(split_document([document[i : i + 65_536] for i in range(0, len(document), 65_536)], name="x"))
    assert len(chunks) == 1
