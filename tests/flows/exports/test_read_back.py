"""Every format, read back by independent readers: each field is what the record's XML says."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from flows.eutils_server.records import RecordStore
from flows.eutils_server.text_formats import read_records
from flows.exports.formats import WRITERS
from flows.exports.record import Record
from tests.flows.exports.read_back import READERS, as_read, expected, squeeze
from tests.records import article, article_set

SECTION = "<AbstractText Label='AIM'>A\u2028b.</AbstractText><AbstractText>"
NO_TAGS = "TY  - no tag; ER  - neither\nAB  - nor this @article{x,"
# One oddity each, named for it.
ODDITIES = {
    "braces": ("A {brace, a } and a back\\slash.", "", ""),
    "tex": ("50% of $x_1^2$ &amp; #3 ~ &lt;5 | &gt;9 -- ''quoted'' \"so\" `here`.", "", ""),
    "unicode": ("\u03b2-catenin \u2192 na\u00efve \U0001d6fc\u2009cells (\u4e2d\u6587).", "", ""),
    "markup": ("H<sub>2</sub>O in <i>E. coli</i>.", "", ""),
    "line_breaks": ("One.", f"<Abstract>{SECTION}C  d.</AbstractText></Abstract>", ""),
    "long_abstract": ("Two.", f"<Abstract><AbstractText>{'Word after word, ' * 900}end.</AbstractText></Abstract>", ""),
    "looks_like_a_tag": ("Three.", f"<Abstract><AbstractText>{NO_TAGS}</AbstractText></Abstract>", ""),
    "names": (
        "Four.",
        "<AuthorList><Author><LastName>van der Berg</LastName><ForeName>Jan P</ForeName><Suffix>Jr</Suffix></Author>"
        "<Author><LastName>And</LastName><ForeName>Or and</ForeName></Author>"
        "<Author><LastName>Plato</LastName></Author><Author><LastName>De La Cruz Mono</LastName></Author>"
        "<Author ValidYN='N'><LastName>Wrong</LastName><ForeName>W</ForeName></Author>"
        "<Author><CollectiveName>Group for Rats and Mice of the U.S. {R&amp;M}</CollectiveName></Author></AuthorList>",
        "",
    ),
    "retracted": (
        "RETRACTED: Five.",
        "",
        "<CommentsCorrectionsList><CommentsCorrections RefType='RetractionIn'><RefSource>J Invent Res. 2021;9:1"
        "</RefSource><PMID Version='1'>9</PMID></CommentsCorrections></CommentsCorrectionsList>",
    ),
    "keywords": (
        "Six...",
        "",
        "<MeshHeadingList><MeshHeading><DescriptorName UI='D1' MajorTopicYN='N'>Rats</DescriptorName><QualifierName "
        "UI='Q1' MajorTopicYN='Y'>blood</QualifierName></MeshHeading></MeshHeadingList>"
        "<KeywordList Owner='NOTNLM'><Keyword MajorTopicYN='N'>50% off</Keyword></KeywordList>",
    ),
}  # fmt: skip
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">{pmid}</PMID><ArticleIdList>
<ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>An Invented Press</PublisherName><PublisherLocation>Nowhere</PublisherLocation>
</Publisher><BookTitle book="b">The Book of {{Braces}}</BookTitle><PubDate><Year>1999</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Editor</LastName><ForeName>Ed</ForeName></Author>
</AuthorList><Isbn>978-0-00-000000-2</Isbn></Book>{title}<Language>eng</Language>
<AuthorList Type="authors"><Author><LastName>Writer</LastName><ForeName>Wanda</ForeName></Author>
</AuthorList></BookDocument></PubmedBookArticle>"""


@pytest.fixture(scope="module")
def own_records(tmp_path_factory: pytest.TempPathFactory) -> RecordStore:
    """The oddities, a chapter and a book."""
    articles = [
        article(pmid, title=title, parts=(inside, behind, ""))
        for pmid, (title, inside, behind) in enumerate(ODDITIES.values(), start=1)
    ]
    file = tmp_path_factory.mktemp("records") / "articles.xml"
    file.write_bytes(article_set(*articles))
    books = [BOOK.format(pmid=101, title="<ArticleTitle>A chapter.</ArticleTitle>"), BOOK.format(pmid=102, title="")]
    more = file.with_name("books.xml")
    more.write_text(f"<PubmedBookArticleSet>{''.join(books)}</PubmedBookArticleSet>", encoding="utf-8")
    return RecordStore.from_paths([file, more])


def records_of(store: RecordStore) -> Iterator[Record]:
    """All records of a store."""
    for record in read_records(map(store.xml, sorted(store.pmids))):
        assert isinstance(record, Record)
        yield record


def written(store: RecordStore, format_: str) -> bytes:
    """All records of a store in a format."""
    stream = io.BytesIO()
    WRITERS[format_](records_of(store), stream, pa.schema([]))
    return stream.getvalue()


def differences(store: RecordStore, format_: str) -> tuple[int, list[tuple[int, str, object, object]]]:
    """How many fields were compared, and (PMID, field, read, expected) where they differ."""
    read = READERS[format_](written(store, format_))
    assert read.keys() == store.pmids
    compared, found = 0, []
    for pmid in sorted(store.pmids):
        right = as_read(format_, expected(store.element(pmid)))
        for name, value in read[pmid].items():
            compared += 1
            if squeezed(value) != right[name]:
                found.append((pmid, name, value, right[name]))
    return compared, found


def squeezed(value: object) -> object:
    """A value that was read, with runs of plain spaces as one."""
    if isinstance(value, list):
        return [squeezed(item) for item in value]
    return squeeze(value) if isinstance(value, str) else value


@pytest.mark.parametrize("format_", READERS)
def test_what_is_read_back_is_what_the_xml_says(own_records: RecordStore, format_: str) -> None:
    """Braces, TeX, Unicode, line breaks, names of every kind, retractions, books."""
    compared, found = differences(own_records, format_)
    assert compared > 100
    assert found == []


def test_every_real_record_is_read_back(shared_data: Path) -> None:
    """The replies of EFetch in `../shared/data`, in every format."""
    store = RecordStore.from_paths([shared_data / "efetch"])
    for format_ in READERS:
        compared, found = differences(store, format_)
        assert compared > 3_000
        assert found == []


def test_tables_of_reviewers_say_the_same_in_three_formats(own_records: RecordStore) -> None:
    """JSON Lines and Parquet have lists, CSV has them in one cell; nothing else differs."""
    rows = [json.loads(line) for line in written(own_records, "jsonl").splitlines()]
    assert pq.read_table(io.BytesIO(written(own_records, "parquet"))).to_pylist() == rows
    read = pyarrow.csv.read_csv(
        io.BytesIO(written(own_records, "csv")),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(rows[0], pa.string())),
    ).to_pylist()
    joined = [
        {n: "; ".join(v) if isinstance(v, list) else "" if v is None else str(v) for n, v in r.items()} for r in rows
    ]
    assert read == joined


def cell(value: object) -> str:
    """A value in one cell of CSV."""
    return "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def test_a_book_and_a_chapter_are_told_apart(own_records: RecordStore) -> None:
    """A chapter stands in its book, with the book's editors."""
    items = {item["PMID"]: item for item in json.loads(written(own_records, "csl-json"))}
    chapter, book = items["101"], items["102"]
    assert (chapter["type"], chapter["container-title"]) == ("chapter", "The Book of {Braces}")
    assert (book["type"], book["title"]) == ("book", "The Book of {Braces}")
    assert chapter["editor"] == [{"family": "Editor", "given": "Ed"}]


def test_a_retraction_is_a_note(own_records: RecordStore) -> None:
    """Zotero, Rayyan and EndNote show it beside the citation."""
    ris = written(own_records, "ris").decode()
    assert "N1  - Retracted publication.\nN1  - Retracted in: J Invent Res. 2021;9:1 PMID: 9\n" in ris
