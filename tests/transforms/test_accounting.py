"""Whatever is in a record's XML is in its rows: checked without the reader, over generated and real records."""

import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from flows.nlm_files.files import read_blocks
from tests.accounting import invented, missing
from tests.pubmed_dtd import RecordMaker, read_dtd, record_paths
from tests.records import article
from transforms.parsed_records import ParsedRecords, Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import RawRecord, read_chunk
from warehouse.errors import DocumentError

FROM = Provenance("20261124T020000Z-0000", "file", "test", datetime(2026, 11, 24, tzinfo=UTC), "0")
DTD = read_dtd()


def read_one(xml: str) -> ParsedRecords:
    """The tables of one record."""
    (chunk,) = split_document([f"<PubmedArticleSet>{xml}</PubmedArticleSet>".encode()], name="test.xml")
    return make_tables(read_chunk(chunk, name="test.xml").records, FROM)


@settings(max_examples=150)
@given(seed=st.integers(0, 10**9 - 2), optional=st.sampled_from([0.1, 0.5, 0.9]), most=st.integers(1, 4))
def test_a_generated_record_is_in_its_rows(seed: int, optional: float, most: int) -> None:
    """Every text and attribute comes at least as often in the rows, nothing else comes, and nothing is unknown."""
    record = RecordMaker(DTD, optional=optional, most=most, seed=seed).record(seed + 1)
    parsed = read_one(record)
    assert parsed.rejected == {}
    assert parsed.unknown == {}
    element = ET.fromstring(record)  # noqa: S314
    assert missing(element, parsed.tables) == []
    assert invented(element, parsed.tables) == set()


ODD_VALUES = (
    *("", " ", "0", "-5", "+5", "00", "007", "0099999", "32768", "99999", "2147483648", "9" * 19, "9" * 20, "9" * 5000),
    *("1.5", "1e3", "1_0", "x", "Y", "\u0663", "\uff13", "\u00b3", "\u2167", "\x85", "\u2028", "\ufdd0", "\U0001f600"),
)


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0), st.sampled_from(ODD_VALUES)), min_size=1, max_size=30),
)
def test_an_odd_value_anywhere_makes_rows_or_a_rejected_record(seed: int, changes: list[tuple[int, str]]) -> None:
    """Never an exception, never another record's loss, and nothing that is not in the XML."""
    element = ET.fromstring(RecordMaker(DTD, optional=0.5, most=2, seed=seed).record(8))  # noqa: S314
    places = [(e, name) for e in element.iter() for name in (*e.keys(), *(() if len(e) else ("",)))]
    for number, odd in changes:
        holder, name = places[number % len(places)]
        if name:
            holder.set(name, odd)
        else:
            holder.text = odd
    record = ET.tostring(element, encoding="unicode")
    parsed = read_one(article(7) + record)
    pmids = parsed.tables["citation"]["pmid"].to_pylist()
    assert pmids[0] == 7
    assert len(pmids) + parsed.rejected_count == 2
    if len(pmids) == 2:
        tables = {name: table.filter(pc.field("pmid") != 7) for name, table in parsed.tables.items()}
        assert invented(element, tables) == set()


def test_the_generated_records_have_every_path_of_the_dtd() -> None:
    """What is never generated is never checked."""
    made: set[str] = set()
    for seed in range(60):
        maker = RecordMaker(DTD, optional=0.95, most=2, seed=seed)
        record = maker.record(seed + 1)
        assert missing(ET.fromstring(record), read_one(record).tables) == []  # noqa: S314
        made |= maker.paths
    declared = {path for path, _ in record_paths(DTD)}
    declared |= {f"{path}/@{a.name}" for path, element in record_paths(DTD) for a in element.iterattributes()}
    assert declared - made == set()


def test_a_lost_value_is_found() -> None:
    """The check itself: a row too few, a value too many."""
    record = RecordMaker(DTD, optional=0.95, most=2, seed=1).record(1)
    tables = read_one(record).tables
    element = ET.fromstring(record)  # noqa: S314
    name = next(name for name in ("author", "history_date", "article_id") if name in tables)
    assert missing(element, tables | {name: tables[name].slice(1)})
    ET.SubElement(element[0], "PMID").text = "a text that no row has"
    assert missing(element, tables) == [(f"{element[0].tag}/PMID", "a text that no row has")]
    del element[0][:]
    assert len(invented(element, tables)) > 10


def real_files(folder: Path) -> list[Path]:
    """All files of records."""
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "MANIFEST.tsv"]


@pytest.mark.parametrize("folder", ["efetch", "baseline"])
def test_real_records_are_in_their_rows(shared_data: Path, folder: str) -> None:
    """Over all that NLM has put into its records since 2006."""
    counts: Counter[str] = Counter()
    lost: list[object] = []
    for path in real_files(shared_data / folder):
        for record in read_real(path):
            counts["records"] += 1
            lost += check_real(record, counts)
    assert lost == []
    assert counts["records"] > 1000, counts


def check_real(record: RawRecord, counts: Counter[str]) -> list[object]:
    """What is in a record and neither in its rows nor reported as unknown."""
    parsed = make_tables([record], FROM)
    if parsed.rejected_count:
        counts["rejected"] += 1
        return []
    unknown = tuple(parsed.unknown)
    counts.update(unknown)
    element = ET.fromstring(record.record_xml)  # noqa: S314
    lost = [(record.pmid, *value) for value in missing(element, parsed.tables) if not value[0].startswith(unknown)]
    return [*lost, *((record.pmid, value) for value in invented(element, parsed.tables))]


# Rows of ten tables by what makes a row, written for this test; the schema is not asked.
COUNTED = {
    "author": "count(//AuthorList/Author)",
    "affiliation": "count(//AuthorList/Author//Affiliation | //Article/Affiliation)",
    "abstract_section": "count(//AbstractText)",
    "mesh_heading": "count(//MeshHeading[not(QualifierName | SubHeading)]) + count(//QualifierName | //SubHeading)",
    "publication_type": "count(//PublicationType)",
    "article_id": "count(//ArticleId[not(ancestor::Reference)][not(../parent::PubmedBookArticle)])",
    "history_date": "count(//PubMedPubDate)",
    "cited_reference": "count(//Reference)",
    "cited_article_id": "count(//Reference//ArticleId)",
    "grant_support": "count(//Grant)",
    "keyword": "count(//Keyword)",
}


@pytest.mark.parametrize("folder", ["efetch", "baseline"])
def test_tables_have_as_many_rows_as_the_xml_has_elements(shared_data: Path, folder: str) -> None:
    """Counted by XPath over the same records."""
    in_rows: Counter[str] = Counter()
    in_xml: Counter[str] = Counter()
    for path in real_files(shared_data / folder):
        for record in read_real(path):
            parsed = make_tables([record], FROM)
            root = etree.fromstring(record.record_xml)
            for table, xpath in COUNTED.items():
                in_rows[table] += parsed.tables[table].num_rows if table in parsed.tables else 0
                count = root.xpath(xpath)
                assert isinstance(count, float)
                in_xml[table] += int(count)
    assert in_rows == in_xml
    assert min(in_xml.values()) > 10, in_xml


def read_real(path: Path) -> list[RawRecord]:
    """The records of a file; of a broken one, those before the break."""
    blocks = read_blocks(path, lambda _: None)
    records: list[RawRecord] = []
    try:
        for chunk in split_document(blocks, name=path.name):
            records += read_chunk(chunk, name=path.name).records
    except DocumentError:
        pass
    return records
