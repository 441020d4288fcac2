"""A search of the seeds folder is compared with what NCBI delivered, and each difference has its reason."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.command.cli import app
from flows.corpus_search.compare import compare_seed
from flows.definition.seeds import read_query
from flows.definition.settings import Settings
from flows.runs.ingest import ingest
from flows.runs.refresh import refresh
from tests.records import article, article_set
from warehouse.errors import SeedError, StoreError, UsageError
from warehouse.store import DataDirectory

STRATEGY = "# A drug\n#1 ketamine[ti]\n#2 esketamine[ti]\n#1 OR #2\n"
LEFT_OUT = "[links]\nfetch = []\nlinkout = false\n"


def compare(settings: Settings) -> tuple[int, list[tuple[int, str, str]]]:
    """How many both find, and the differences."""
    search = read_query(settings.seeds / "drug.query")
    found = compare_seed(DataDirectory(settings.data_dir), "drug.query", search)
    return found.both, [
        tuple(row[name] for name in ("pmid", "found_by", "why")) for row in found.differences.to_pylist()
    ]


def test_each_difference_has_its_reason(
    make_settings: Callable[..., Settings], serve_records: Callable[[bytes], str], tmp_path: Path
) -> None:
    """What came later, what was revised later, and what NCBI finds by other words."""
    records = article_set(article(1), article(2, title="Esketamine."), article(3, title="Rats."))
    settings = make_settings(serve_records(records), drug__query=STRATEGY, all__pmids="3\n", corpus__toml=LEFT_OUT)
    refresh(settings)
    assert compare(settings) == (2, [])
    later = tmp_path / "later.xml"
    revised = ("2100", "01", "01")
    later.write_bytes(
        article_set(
            article(2, title="Of another drug.", revised=revised),
            article(3, title="Ketamine in rats.", revised=revised),
            article(4, title="Ketamine again."),
        )
    )
    ingest(settings, [later])
    both, differences = compare(settings)
    assert both == 1
    assert differences == [
        (4, "corpus", "came after the search"),
        (3, "corpus", "revised after the search"),
        (2, "NCBI", "read otherwise"),
    ]


@pytest.mark.parametrize("option", [["--explain"], ["--sort", "relevance"], ["ketamine"]])
def test_what_a_comparison_does_not_do_is_refused(option: list[str]) -> None:
    """An option that is silently ignored looks as if it had worked."""
    done = CliRunner().invoke(app, ["search", "--seed", "drug", *option])
    assert isinstance(done.exception, UsageError)


def test_what_ncbi_was_not_asked_cannot_be_compared(
    make_settings: Callable[..., Settings], serve_records: Callable[[bytes], str]
) -> None:
    """Nor another search under the same name, nor a strategy that makes no sense."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="1\n", corpus__toml=LEFT_OUT)
    refresh(settings)
    (settings.seeds / "drug.query").write_text(STRATEGY)
    with pytest.raises(UsageError, match=r"NCBI has not answered drug\.query yet"):
        compare(settings)
    refresh(settings)
    (settings.seeds / "drug.query").write_text("ketamine")
    with pytest.raises(UsageError, match="another search than NCBI was last asked"):
        compare(settings)
    (settings.seeds / "drug.query").write_text("#1 ketamine\n#2 #3 OR #1\n")
    with pytest.raises(SeedError, match=r"drug\.query, line 2: there is no #3 before it\."):
        compare(settings)


def test_a_file_of_another_version_is_named_with_the_next_step(
    make_settings: Callable[..., Settings], serve_records: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its index is not the one that is asked."""
    settings = make_settings(serve_records(article_set(article(1))), drug__query=STRATEGY, corpus__toml=LEFT_OUT)
    refresh(settings)
    monkeypatch.setattr("flows.corpus_search.vocabulary.listed", lambda _: "(SELECT word FROM program.of_earlier)")
    with pytest.raises(StoreError, match=r"another version; publish it again with `corpus compact`"):
        compare(settings)
