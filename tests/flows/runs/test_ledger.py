"""Every PMID is accounted for when Entrez is short, when citations vanish, and when a run is killed anywhere."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from flows.definition.settings import Settings
from flows.entrez import utilities
from flows.entrez.client import EntrezClient, Reply
from flows.entrez.fetch import fetch_batch, read_reply
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.runs import links
from flows.runs.refresh import refresh
from flows.runs.work import Steps
from tests.corpora import select
from tests.records import article, article_set
from tests.scripted import Answer, Asked, scripted_server
from warehouse.query import read_run_changes
from warehouse.store import DataDirectory

Make = Callable[..., Settings]
Serve = Callable[[bytes], str]

NO_LINKS = "[links]\nfetch = []\nlinkout = false\n[citations]\ndeleted_after_hours = 0\n"
CORPUS = (sys.executable, "-c", "from flows.command.cli import main; main()")
KEY = "0123456789abcdef0123456789abcdef0123"


def test_what_a_reply_leaves_out_is_asked_for_once_more(make_settings: Make, serve_records: Serve) -> None:
    """An empty set, and one that is a record short, by accident."""
    settings = make_settings(
        serve_records(article_set(*(article(n) for n in range(1, 7)))),
        a__pmids="1\n2\n3\n4\n5\n6\n",
        corpus__toml=NO_LINKS,
    )
    settings.batch_size = 3
    asked: list[list[int]] = []

    def fetch(client: EntrezClient, pmids: Sequence[int], folder: Path) -> Any:
        asked.append(list(pmids))
        delivery = fetch_batch(client, pmids, folder)
        if len(asked) <= 2:
            (reply,) = delivery.replies
            short = article_set() if len(asked) == 1 else article_set(*(article(n) for n in pmids[:2]))
            delivery.replies = [Reply(reply.utility, reply.parameters, short, reply.fetched_at)]
            delivery.read = [read_reply(delivery.replies[0])]
        return delivery

    settings.entrez_in_flight = 1
    report = refresh(settings, steps=Steps(fetch=fetch))
    assert report.outcomes == {"new": 6}
    assert asked == [[1, 2, 3], [4, 5, 6], [1, 2, 3], [6]]
    assert select(settings, "SELECT count(*) FROM request WHERE detail IS NOT NULL") == [(0,)]


def test_a_citation_that_two_runs_do_not_find_is_deleted(make_settings: Make, serve_records: Serve) -> None:
    """With the evidence; its last record stays, and it comes back when it is delivered again."""
    both, one = article_set(article(1), article(2)), article_set(article(1))
    settings = make_settings(serve_records(both), a__pmids="1\n2\n", corpus__toml=NO_LINKS + "refetch_after_days = 0\n")
    refresh(settings)
    gone = settings.model_copy(update={"entrez": serve_records(one)})
    first = refresh(gone)
    assert first.outcomes == {"unchanged": 1, "not_found": 1}
    assert select(settings, "SELECT count(*) FROM deleted_citation") == [(0,)]
    second = refresh(gone)
    assert second.plan["missing"] == 1
    assert second.outcomes == {"unchanged": 1, "deleted": 1}
    assert select(settings, "SELECT pmid, evidence FROM deleted_citation") == [(2, "empty_reply")]
    assert select(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, False), (2, True)]
    refresh(settings)
    assert select(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, False), (2, False)]


def test_a_deletion_is_told_once_and_so_is_its_end(make_settings: Make, serve_records: Serve) -> None:
    """However often it is asked for in between, the content stays the same."""
    rules = NO_LINKS + "refetch_after_days = 0\n"
    whole = serve_records(article_set(article(1), article(2)))
    settings = make_settings(whole, a__pmids="1\n2\n", corpus__toml=rules)
    without = settings.model_copy(update={"entrez": serve_records(article_set(article(1)))})
    refresh(settings)
    refresh(without)
    reports, contents = [], []
    for following in (without, without, settings):
        reports.append(refresh(following))
        contents += select(settings, "SELECT content_sha256 FROM manifest")
    assert [report.outcomes.get("deleted") for report in reports] == [1, 1, None]
    assert contents[0] == contents[1] != contents[2]
    told = select(settings, "SELECT run_id, before, after FROM change WHERE table_name = 'deleted_citation' ORDER BY 1")
    assert told == [(reports[0].run_id, None, "empty_reply"), (reports[2].run_id, "empty_reply", None)]
    directory = DataDirectory(settings.data_dir)
    assert [read_run_changes(directory, report.run_id).deleted for report in reports] == [[2], [], []]


def test_two_runs_within_hours_are_one_answer(make_settings: Make, serve_records: Serve) -> None:
    """An outage can last for both."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n2\n")
    (settings.seeds / "corpus.toml").write_text("[links]\nfetch = []\n[citations]\nrefetch_after_days = 0\n")
    refresh(settings)
    gone = settings.model_copy(update={"entrez": serve_records(article_set(article(1)))})
    assert [refresh(gone).outcomes["not_found"] for _ in range(3)] == [1, 1, 1]
    assert select(settings, "SELECT count(*) FROM deleted_citation") == [(0,)]


def test_what_was_never_found_is_asked_twice_and_then_by_age(make_settings: Make, serve_records: Serve) -> None:
    """A PMID can be given before its record is public."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="99\n", corpus__toml=NO_LINKS)
    assert [refresh(settings).plan for _ in range(3)] == [{"new": 1}, {"missing": 1}, {}]


def test_a_list_that_a_reply_says_nothing_of_is_asked_for_once_more(
    make_settings: Make, serve_records: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply to three PMIDs has a set with an error in it."""
    settings = make_settings(
        serve_records(article_set(*(article(n) for n in (1, 2, 3)))),
        a__pmids="1\n2\n3\n",
        corpus__toml='[links]\nfetch = ["reference"]\nlinkout = false\n',
    )
    asked: list[list[int]] = []

    def elink(client: EntrezClient, pmids: Sequence[int], linkname: str, **budget: Any) -> Reply:
        asked.append(list(pmids))
        reply = utilities.elink(client, pmids, linkname, **budget)
        body = reply.body.replace(b"<Id>2</Id></IdList>", b"<Id>2</Id></IdList><ERROR>no</ERROR>")
        return Reply(reply.utility, reply.parameters, body, reply.fetched_at) if len(asked) == 1 else reply

    monkeypatch.setattr(links, "elink", elink)
    report = refresh(settings)
    assert asked == [[1, 2, 3], [2]]
    assert (report.link_lists, report.troubles) == (3, [])
    assert select(settings, "SELECT pmid, link_count FROM link_list WHERE source = 'elink' ORDER BY pmid") == [
        (1, 0),
        (2, 0),
        (3, 0),
    ]


def test_linkout_resources_are_obtained_once_and_again_by_age(make_settings: Make, tmp_path: Path) -> None:
    """A citation without any is known to have none."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "a.xml").write_bytes(article_set(article(1), article(2)))
    (folder / "linkout.tsv").write_text("pmid\turl\tprovider_name\n1\thttps://example.org/1\tA Library\n")
    with running_server(RecordStore.from_paths([folder])) as base_url:
        settings = make_settings(base_url, a__pmids="1\n2\n", corpus__toml="[links]\nfetch = []\n")
        assert refresh(settings).link_lists == 2
        assert select(settings, "SELECT pmid, url, provider_name FROM linkout") == [
            (1, "https://example.org/1", "A Library")
        ]
        assert select(settings, "SELECT pmid, linkout_count FROM linkout_list ORDER BY pmid") == [(1, 1), (2, 0)]
        assert refresh(settings).link_lists == 0
        (settings.seeds / "corpus.toml").write_text("[links]\nfetch = []\nlinkout_after_days = 0\n")
        assert refresh(settings).link_lists == 2


def test_link_lists_of_a_run_that_broke_off_are_not_asked_for_again(make_settings: Make, serve_records: Serve) -> None:
    """Its replies are in staging, those of ELink too."""
    settings = make_settings(
        serve_records(article_set(article(1), article(2))),
        a__pmids="1\n2\n",
        corpus__toml='[links]\nfetch = ["similar"]\nlinkout = false\n',
    )

    def die(*_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(settings, steps=Steps(fetch=die))
    report = refresh(settings)
    assert (report.outcomes, report.link_lists) == ({"new": 2}, 2)
    # One EFetch; the ELink of the first run was taken over.
    assert report.request_count == 1


def test_replies_of_another_server_are_not_taken_over(make_settings: Make, serve_records: Serve) -> None:
    """What a sample says is not what NCBI says."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="1\n", corpus__toml=NO_LINKS)

    def fetch_and_die(client: EntrezClient, pmids: Any, folder: Path) -> Any:
        fetch_batch(client, pmids, folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(settings, steps=Steps(fetch=fetch_and_die))
    other = settings.model_copy(update={"entrez": serve_records(article_set(article(1, title="The other's.")))})
    refresh(other)
    assert select(settings, "SELECT article_title FROM citation") == [("The other's.",)]


def test_a_reply_that_the_crash_of_the_machine_has_damaged_is_asked_for_again(
    make_settings: Make, serve_records: Serve
) -> None:
    """It was renamed, but not all of it had reached the disk."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="1\n", corpus__toml=NO_LINKS)
    folder = DataDirectory(settings.data_dir).replies
    folder.mkdir(parents=True)
    (folder / "20261124T000000000000-00000000.parquet").write_bytes(b"PAR1\0\0")
    assert refresh(settings).outcomes == {"new": 1}
    assert list(folder.iterdir()) == []


def served(asked: Asked, _number: int) -> Answer:
    """EFetch and EPost as they should be; ESearch finds nothing revised."""
    time.sleep(0.02)
    if asked.utility == "efetch":
        return Answer(article_set(*(article(pmid) for pmid in asked.parameters["id"].split(","))))
    if asked.utility == "epost":
        return Answer(b"<ePostResult><QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv></ePostResult>")
    return Answer(b"<eSearchResult><Count>0</Count><IdList></IdList></eSearchResult>")


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_killed_anywhere_is_taken_over(make_settings: Make, seed: int) -> None:
    """The next one fetches again at most what was in flight; 50 moments: tests/trials/kill.py."""
    pmids = range(1, 201)
    with scripted_server(served) as (base_url, asked):
        settings = make_settings(base_url, a__pmids="\n".join(map(str, pmids)), corpus__toml=NO_LINKS)
        settings.batch_size, settings.entrez_in_flight = 10, 2
        environment = {
            **os.environ,
            "CORPUS_BATCH_SIZE": "10",
            "CORPUS_ENTREZ_IN_FLIGHT": "2",
            "NCBI_API_KEY": KEY,
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        command = [*CORPUS, "refresh", "--entrez", base_url]
        command += ["--seeds", str(settings.seeds), "--data-dir", str(settings.data_dir)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # Some replies after the first one; later ones fall into commit and publish.
        kill_at = (1, 8, 16, 20)[seed]
        while process.poll() is None and sum(a.utility == "efetch" for a in asked) < kill_at:
            time.sleep(0.005)
        time.sleep((0.0, 0.01, 0.1, 0.4)[seed])
        process.send_signal(signal.SIGKILL)
        process.wait()
        report = refresh(settings)
        fetched = [int(p) for a in asked if a.utility == "efetch" for p in a.parameters["id"].split(",")]
    assert set(fetched) == set(pmids)
    assert len(fetched) - len(pmids) <= 2 * 10
    assert report.exit_code == 0
    assert select(settings, "SELECT count(*), count(DISTINCT pmid) FROM citation") == [(200, 200)]
    assert select(settings, "SELECT count(DISTINCT pmid) FROM request WHERE outcome = 'new'") == [(200,)]


def test_the_key_is_in_no_file_and_no_line(make_settings: Make, tmp_path: Path) -> None:
    """Even though the server repeats it in every refusal, which becomes an outcome's detail."""
    refusal = f'{{"error":"API rate limit exceeded","api-key":"{KEY}","count":"11","limit":"10"}}'.encode()

    def script(asked: Asked, number: int) -> Answer:
        assert asked.parameters["api_key"] == KEY
        return Answer(refusal, 429) if "2" in asked.parameters.get("id", "").split(",") else served(asked, number)

    with scripted_server(script) as (base_url, asked):
        settings = make_settings(base_url, a__pmids="1\n2\n", corpus__toml=NO_LINKS)
        environment = {
            **os.environ,
            "NCBI_API_KEY": KEY,
            "CORPUS_ENTREZ_BUDGET_S": "0",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        command = [*CORPUS, "refresh", "--entrez", base_url]
        command += ["--seeds", str(settings.seeds), "--data-dir", str(settings.data_dir)]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 3
    assert select(settings, "SELECT pmid FROM request WHERE detail LIKE '%api-key%***%'") == [(2,)]
    assert len(asked) >= 3
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY.encode() not in done.stdout + done.stderr
    # Parquet and DuckDB compress what they hold.
    for table in ("request", "run"):
        assert select(settings, f"SELECT count(*) FROM {table} t WHERE CAST(t AS VARCHAR) LIKE '%{KEY}%'") == [(0,)]
