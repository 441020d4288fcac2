"""The report of all real records of `../shared/data`: whole in a browser, and its numbers are those of the XML."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from lxml import etree, html

from flows.definition.settings import Settings
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.report.figures import FIGURES
from flows.report.page import make_report
from flows.runs.ingest import ingest
from flows.runs.refresh import refresh
from tests.conftest import SHARED_DATA
from tests.flows.report.test_page import open_in_browser, sections
from transforms.values import text_of
from warehouse.store import DataDirectory

IDS = "PubmedData/ArticleIdList/ArticleId"
ARTICLE = "MedlineCitation/Article"


@pytest.fixture(scope="module")
def records() -> RecordStore:
    """Every record there, one per PMID."""
    if not SHARED_DATA.is_dir():
        pytest.skip("left out: the real records of ../shared/data are not here")
    return RecordStore.from_paths([SHARED_DATA / "baseline", SHARED_DATA / "efetch"])


@pytest.fixture(scope="module")
def report(records: RecordStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two searches refreshed from a server of the records, then all of them from a file, with labels for a hundred."""
    root = tmp_path_factory.mktemp("real")
    tables = root / "seeds" / "tables"
    tables.mkdir(parents=True)
    (root / "seeds" / "embolism.query").write_text('"air embolism"[tiab]', encoding="utf-8")
    (root / "seeds" / "hedgehog.query").write_text("hedgehog[tiab]", encoding="utf-8")
    labels = (f"{pmid},{'excluded,a review' if pmid % 3 else 'included,'}\n" for pmid in sorted(records.pmids)[:100])
    (tables / "labels.csv").write_text("pmid,label,reason\n" + "".join(labels), encoding="utf-8")
    file = root / "all.xml"
    all_xml = records.xml_of(records.pmids).values()
    file.write_bytes(b"<PubmedArticleSet>" + b"".join(all_xml) + b"</PubmedArticleSet>")
    with running_server(records) as entrez:
        settings = Settings(entrez=entrez, seeds=root / "seeds", data_dir=root / "data")
        assert refresh(settings).outcomes["new"] > 50
    assert ingest(settings, [file]).exit_code == 0
    return make_report(DataDirectory(root / "data", companions=tables))


def shown(report: str, name: str) -> list[list[str]]:
    """The rows of a figure's table, as texts."""
    table = next(html.fragment_fromstring(f"<div>{sections(report)[name]}</div>").iter("table"))
    return [[" ".join(text_of(cell).split()) for cell in row.iter("td")] for row in table.iter("tr")][1:]


def count(elements: Iterable[etree._Element], *paths: str) -> int:
    """How many records have text at one of some paths."""
    return sum(any(text_of(e).strip() for path in paths for e in record.iterfind(path)) for record in elements)


def test_a_browser_shows_two_thousand_real_records(report: str, tmp_path: Path) -> None:
    """At 1,400 and 400 pixels: no request, no error, every figure, and all of them have something to show."""
    text = open_in_browser(report, tmp_path, name="real")
    assert [f.title for f in FIGURES if f.title not in text] == []
    assert [f.name for f in FIGURES if f.empty in sections(report)[f.name] and f.name not in NOTHING] == []


# No record there cites one that is retracted, and no later version of one follows.
NOTHING = ("cited_retracted", "revised")


def test_its_numbers_are_those_of_the_xml(records: RecordStore, report: str) -> None:
    """Citations, retractions, journals, years and coverage, counted apart with another parser."""
    elements = [records.element(pmid) for pmid in sorted(records.pmids)]
    overview = re.sub(r"<[^>]+>|\s+", " ", sections(report)["overview"])
    assert re.search(rf"Citations\s+{len(elements):,}\s", overview)
    withdrawn = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections[@RefType='RetractionIn']"
    kinds = [{text_of(e) for e in one.iter("PublicationType")} for one in elements]
    retracted = {
        pmid
        for pmid, one, types in zip(sorted(records.pmids), elements, kinds, strict=True)
        if "Retracted Publication" in types or one.find(withdrawn) is not None
    }
    assert {int(row[0]) for row in shown(report, "retractions")} == retracted
    journals = Counter(one.findtext("MedlineCitation/MedlineJournalInfo/MedlineTA") for one in elements)
    top = [(name, int(number.replace(",", ""))) for name, number, *_ in shown(report, "journals")]
    assert all(journals[name] == number for name, number in top)
    assert [number for _, number in top] == sorted((n for name, n in journals.items() if name), reverse=True)[
        : len(top)
    ]
    coverage = {name: int(number.replace(",", "")) for name, _, number in shown(report, "coverage")}
    for name, paths in {
        "abstract": (f"{ARTICLE}/Abstract/AbstractText", "BookDocument/Abstract/AbstractText"),
        "MeSH": ("MedlineCitation/MeshHeadingList/MeshHeading",),
        "grants": (f"{ARTICLE}/GrantList/Grant", "BookDocument/GrantList/Grant"),
    }.items():
        assert (name, coverage[name]) == (name, count(elements, *paths))
    years: Counter[int] = Counter()
    for year, _, number in shown(report, "years"):
        years[int(year)] += int(number.replace(",", ""))
    issues = (one.findtext(f"{ARTICLE}/Journal/JournalIssue/PubDate/Year") for one in elements)
    of_issues = Counter(int(year) for year in issues if year)
    assert years[2019] >= of_issues[2019] > 200
