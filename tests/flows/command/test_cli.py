"""The command, as a person meets it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import REPOSITORY
from tests.records import article, article_set

COMMAND = [sys.executable, "-c", "from flows.command.cli import main; main()"]


def corpus(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the test's own folder."""
    return subprocess.run(
        [*COMMAND, *arguments], input=given, capture_output=True, text=True, env=os.environ | environment, check=False
    )


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with two citations, to be copied."""
    folder = tmp_path_factory.mktemp("ingested")
    file = folder / "a.xml"
    file.write_bytes(article_set(article(1, title="One, and <i>more</i>."), article(2, title="Two.")))
    done = corpus("ingest", str(file), "--data-dir", str(folder / "data"))
    assert done.returncode == 0, done.stderr
    return folder / "data"


@pytest.fixture
def data(ingested: Path, tmp_path: Path) -> str:
    """A data directory with two citations, of the test's own."""
    return str(shutil.copytree(ingested, tmp_path / "data"))


def test_the_first_command_ends_with_a_summary_and_what_to_ask_next(tmp_path: Path) -> None:
    """The quick start, run as it stands."""
    seeds = str(REPOSITORY / "seeds")
    done = corpus("refresh", "--entrez", "sample", "--seeds", seeds, CORPUS_DATA_DIR=str(tmp_path / "d"))
    assert done.returncode == 0, done.stderr
    assert "11 asked for: 11 new" in done.stdout
    assert 'Ask it: corpus sql "' in done.stdout
    assert "fetch: 11 of 11" in done.stderr
    counted = corpus("sql", "select count(*) from citation", "--format", "csv", CORPUS_DATA_DIR=str(tmp_path / "d"))
    assert counted.stdout.splitlines()[-1] == "11"


def test_answers_come_in_every_format(data: str, tmp_path: Path) -> None:
    """Each of them pipes."""
    sql = "select pmid, title, authors from article order by pmid"
    as_csv = corpus("sql", sql, "--data-dir", data, "--format", "csv").stdout
    assert as_csv == '"pmid","title","authors"\n1,"One, and more.","[]"\n2,"Two.","[]"\n'
    as_json = corpus("sql", "-", "--data-dir", data, "--format", "json", given=sql).stdout
    assert json.loads(as_json.splitlines()[0]) == {"pmid": 1, "title": "One, and more.", "authors": []}
    corpus("sql", sql, "--data-dir", data, "--format", "parquet", "-o", str(tmp_path / "out.parquet"))
    assert pq.read_table(tmp_path / "out.parquet")["pmid"].to_pylist() == [1, 2]
    assert "One, and more." in corpus("sql", sql, "--data-dir", data).stdout


def test_the_status_is_for_people_and_for_scripts(data: str) -> None:
    """`--format json` is one object, `--format prometheus` what its parser reads."""
    assert "citations   2 (2 from file)" in corpus("status", "--data-dir", data).stdout
    assert json.loads(corpus("status", "--data-dir", data, "--format", "json").stdout)["citations"] == 2
    metrics = text_string_to_metric_families(corpus("status", "--data-dir", data, "--format", "prometheus").stdout)
    found = {sample.name: (sample.value, sample.labels) for family in metrics for sample in family.samples}
    assert found["corpus_citations"] == (2, {})
    assert found["corpus_last_run_complete"] == (1, {"run_kind": "ingest"})
    assert time.time() - 3600 < found["corpus_last_run_timestamp_seconds"][0] <= time.time()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["sql", "selekt", "--data-dir", "DATA"], 1, 'syntax error at or near "selekt"'),
        (["sql", "select 1", "--data-dir", "DATA", "--format", "xls"], 2, "write one of table, csv, json, parquet"),
        (["sql", " -- nothing", "--data-dir", "DATA"], 1, "There is no statement"),
        (["sql", "select '\udcff'", "--data-dir", "DATA"], 1, "The statement is not UTF-8 text"),
        (["sql", "select 1", "--data-dir", "nowhere"], 1, "run `corpus refresh` or `corpus ingest` first"),
        (["refresh", "--entrez", "sample", "--seeds", "nowhere"], 1, "There is no folder nowhere"),
        (["backfill", "--pmids", "1", "--entrez", "sample", "--seeds", "nowhere"], 1, "There is no folder nowhere"),
        (["refresh", "--entrez", "ftp", "--seeds", "SEEDS"], 2, "write ncbi, sample, or the base URL"),
        (["refresh", "--seeds", "SEEDS"], 2, "set NCBI_EMAIL"),
        (["backfill", "--pmids", "PMC1", "--entrez", "sample", "--seeds", "SEEDS"], 2, "'PMC1' is not a PMID"),
        (["backfill", "--pmids", "pmids.txt"], 2, "--pmids pmids.txt: there is no such file"),
        (["backfill", "--pmids", "lists/today"], 2, "--pmids lists/today: there is no such file"),
        (["backfill", "--pmids", "PIPE"], 2, "it is a pipe or a device, and no file; pipe it into `--pmids -`"),
        (["backfill", "--pmids", "-", "--entrez", "sample", "--seeds", "SEEDS"], 2, "pmids, query, from_date: all"),
        (["ingest", "PIPE", "--data-dir", "DATA"], 2, "pipe is a pipe or a device, and a file is read twice"),
        (["ingest", "/dev/zero", "--data-dir", "DATA"], 2, "/dev/zero is a pipe or a device, and a file is read twice"),
        (["mesh", "PIPE", "--data-dir", "DATA"], 2, "There is no file"),
        (["check", "--manifest", "PIPE", "--data-dir", "DATA"], 2, "is not a manifest"),
        (["entrez-server", "--records", "PIPE"], 1, "pipe cannot be read: it is a pipe or a device, and no file"),
        (["ingest", "missing.xml"], 2, "There is no file missing.xml"),
        (["entrez-server", "--records", "missing.xml"], 2, "There is no file missing.xml"),
        (["entrez-server", "--records", "SEEDS", "missing.xml"], 2, "There is no file missing.xml"),
        (["sql", "select 1", "--data-dir", "d" * 5000], 2, "A path is longer than this system allows"),
        (["nonsense"], 2, "No such command"),
        (["serve", "--port", "99999"], 2, "--port"),
        (["serve", "--notify", "hook"], 2, "--notify hook: write a URL such as https://"),
        (["serve", "--entrez", "sample", "--host", "no such host"], 2, "--host no such host: there is no such address"),
        (["serve"], 2, "set NCBI_EMAIL"),
        (["serve", "--keep-runs", "0"], 2, "--keep-runs"),
        (["serve", "--entrez", "sample", "--files", "missing"], 2, "--files"),
        (["serve", "--entrez", "ftp"], 2, "write ncbi, sample, or the base URL"),
    ],
)
def test_an_error_is_one_sentence_and_a_code(data: str, arguments: list[str], code: int, sentence: str) -> None:
    """1 for data and sources, 2 for usage; never a stack."""
    places = {"DATA": data, "SEEDS": str(REPOSITORY / "seeds"), "PIPE": f"{data}/pipe"}
    os.mkfifo(f"{data}/pipe")
    done = corpus(*(places.get(argument, argument) for argument in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_endless_input_is_refused_and_a_pipe_without_a_reader_is_said(data: str, tmp_path: Path) -> None:
    """Nothing is read without bound, and nothing waits silently."""
    with Path("/dev/zero").open("rb") as zeros:
        done = subprocess.run([*COMMAND, "backfill", "--pmids", "-"], stdin=zeros, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"corpus: Standard input has more than 256 MiB; give less at a time.\n"
    pipe = tmp_path / "out"
    os.mkfifo(pipe)
    command = [*COMMAND, "sql", "select 7 as seven", "--format", "csv", "-o", str(pipe), "--data-dir", data]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as asking:
        assert asking.stderr is not None
        assert asking.stderr.readline() == f"-o {pipe}: waits until somebody reads from it.\n"
        assert pipe.read_text() == '"seven"\n7\n'
        assert asking.stderr.read() == f"wrote 1 row to {pipe}\n"
    assert asking.returncode == 0


def test_retractions_among_what_a_run_brought_come_first(tmp_path: Path) -> None:
    """Whichever of its files they are in; to the next run they are no news."""
    notice = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J. 2020</RefSource>'
        "<PMID>7</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    retracted = article(1, parts=("", notice, ""))
    (tmp_path / "a.xml").write_bytes(article_set(retracted, article(2)))
    (tmp_path / "b.xml").write_bytes(article_set(article(3)))
    told = corpus("ingest", "a.xml", "b.xml").stdout.splitlines()
    assert told[1] == "!!! RETRACTED: 1 citation of what this run brought: 1"
    assert "RETRACTED" not in corpus("ingest", "b.xml").stdout


def test_a_setting_may_come_from_a_file(data: str, tmp_path: Path) -> None:
    """`.env` in the current folder."""
    (tmp_path / ".env").write_text(f"CORPUS_DATA_DIR={data}\n")
    assert corpus("status").returncode == 0


@pytest.mark.parametrize("command", ["refresh", "backfill", "ingest", "sql", "status", "entrez-server", "serve"])
def test_help_has_an_example(command: str) -> None:
    """The quickest way to learn a command."""
    done = corpus(command, "--help", COLUMNS="80")
    assert done.returncode == 0
    assert f"Example: corpus {command}" in " ".join(done.stdout.split())
