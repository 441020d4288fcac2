"""A refresh reads the files of `seeds/tables/`, and names those that it cannot use."""

from collections.abc import Callable

import duckdb

from flows.definition.settings import Settings
from flows.runs.refresh import refresh
from flows.runs.summary import summarise
from tests.records import article, article_set


def test_a_refresh_ends_with_3_and_is_complete_if_a_table_cannot_be_used(
    serve_records: Callable[[bytes], str], make_settings: Callable[..., Settings]
) -> None:
    """The records were obtained, so the next night need not look back further; the sentence says what to fix."""
    base_url = serve_records(article_set(article(1), article(2)))
    settings = make_settings(base_url, all__pmids="1\n2\n")
    (settings.seeds / "tables").mkdir()
    (settings.seeds / "tables" / "labels.csv").write_text("pmid,label\n1,included\n", encoding="utf-8")
    (settings.seeds / "tables" / "bad.csv").write_text("pmid,label\none,included\n", encoding="utf-8")
    report = refresh(settings)
    assert (report.exit_code, report.is_complete) == (3, True)
    assert "bad.csv, line 2: 'one' is not a PMID; fix it there." in summarise(report, settings)
    with duckdb.connect(settings.directory.database, read_only=True) as con:
        assert con.execute("SELECT pmid, label FROM labels JOIN citation USING (pmid)").fetchall() == [(1, "included")]
