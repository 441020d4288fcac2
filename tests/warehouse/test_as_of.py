"""What the corpus was at a time, including reasons that came, went and came again."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.records import article, article_set
from tests.warehouse.histories import BEGINNING, write_accounts
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import read_chunk
from warehouse import build
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.members import MEMBER
from warehouse.store import DataDirectory

# What happens to PMID 1 on each day: its title, and whether its reason begins or ends, or is only found nearer.
DAYS = (
    ("First.", "begins"),
    (None, "nearer"),
    ("Second.", "ends"),
    (None, None),
    (None, "begins"),
    ("Third.", None),
    (None, "ends"),
    (None, "begins"),
)


@pytest.fixture(params=["afresh", "brought up to date"])
def database(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The published file, built once at the end or after every day."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    directory = DataDirectory(tmp_path / "data")
    since = ""
    for day, (title, reason) in enumerate(DAYS):
        now = BEGINNING + timedelta(days=day)
        writer = start_run(directory, now)
        if title:
            (chunk,) = split_document([article_set(article(1, title=title))], name="test")
            origin = Provenance(writer.run_id, "efetch", "test", now, "0")
            writer.write(make_tables(read_chunk(chunk, name="test").records, origin).tables)
        if reason:
            since = writer.run_id if reason == "begins" else since
            until = writer.run_id if reason == "ends" else None
            depth = 1 if reason == "nearer" else 2
            writer.write({"member": MEMBER.to_arrow([(1, "similar", "7", depth, since, until, writer.run_id)])})
        write_accounts(writer, {1: "revised" if title else "unchanged"}, now)
        commit_run(writer)
        if request.param != "afresh":
            build.publish(directory)
    build.publish(directory)
    return directory.database


def test_the_corpus_is_what_it_was_at_the_end_of_each_day(database: Path) -> None:
    """The title that held, and whether the citation was a member, in all three of its times."""
    with duckdb.connect(database, read_only=True) as con:
        found = []
        for day in range(len(DAYS)):
            at = BEGINNING.replace(tzinfo=None) + timedelta(days=day, hours=1)
            query = f"SELECT article_title, is_member, is_deleted FROM corpus_as_of('{at}')"
            found += con.execute(query).fetchall()
        before = con.execute(f"SELECT count(*) FROM corpus_as_of('{BEGINNING:%Y-%m-%d}')").fetchall()
        times = con.execute("SELECT count(*) FROM program.member_past").fetchall()
    titles = ["First.", "First.", "Second.", "Second.", "Second.", "Third.", "Third.", "Third."]
    is_member = [True, True, False, False, True, True, False, True]
    assert [(title, member, False) for title, member in zip(titles, is_member, strict=True)] == found
    assert before == [(0,)]
    assert times == [(2,)]
