"""Nothing is written, and nothing outside read, whatever the published file is asked."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from warehouse.errors import QueryError, StoreError
from warehouse.query import ask, open_published, stream
from warehouse.store import DataDirectory

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published file, a link to its folder, and a home, a folder for temporary files and files of other people."""
    for name in ("data", "home", "tmp", "other"):
        (tmp_path / name).mkdir()
    with duckdb.connect(tmp_path / "data" / "corpus.duckdb") as con:
        con.execute("CREATE TABLE citation AS SELECT range AS pmid, 'Title ' || range AS title FROM range(3)")
        con.execute("CREATE SEQUENCE number")
        con.execute("CREATE VIEW article AS FROM citation")
    with duckdb.connect(tmp_path / "other" / "other.duckdb") as con:
        con.execute("CREATE TABLE secret AS SELECT 'secret' AS word")
    (tmp_path / "other" / "secret.csv").write_text("word\nsecret\n")
    (tmp_path / "other" / "secret.json").write_text('{"word": "secret"}')
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for name, folder in (("HOME", "home"), ("TMPDIR", "tmp")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.chdir(tmp_path / "data")
    return tmp_path


def digest(place: Path) -> dict[str, tuple[str, int]]:
    """Every file and folder below, with its content and the time of its last change."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "", path.stat().st_mtime_ns)
        for path in [place, *place.rglob("*")]
    }


# PLACE is the folder of the fixture; the current folder is the data directory.
ATTACKS = """
COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
COPY (SELECT 1) TO 'PLACE/link/corpus.duckdb'
COPY (SELECT 1) TO 'PLACE/data/../data/corpus.duckdb'
COPY (SELECT 1) TO 'corpus.duckdb'
COPY (SELECT 1) TO './corpus.duckdb' (FORMAT csv, USE_TMP_FILE false)
COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb.wal'
COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb.wal.recovery' (FORMAT parquet)
COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb.wal.checkpoint' (FORMAT json)
COPY (SELECT 1) TO 'corpus.duckdb.wal'
COPY citation TO 'PLACE/other/new.csv'
COPY citation TO 'PLACE/other/new.csv.gz'
COPY citation TO 'PLACE/other/parts' (FORMAT parquet, PARTITION_BY pmid)
COPY citation TO 'PLACE/other/parts' (FORMAT csv, PER_THREAD_OUTPUT)
COPY citation TO '/dev/stdout'
COPY citation TO 'file://PLACE/other/new.csv'
COPY citation TO 'http://127.0.0.1:9/new.csv'
COPY citation FROM 'PLACE/other/secret.csv'
COPY FROM DATABASE corpus TO memory
EXPLAIN ANALYZE COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
EXPLAIN ANALYZE COPY (SELECT 1) TO 'corpus.duckdb.wal'
EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
/* EXPLAIN */ EXPLAIN /* SELECT 1 -- */ ANALYZE COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
EXPLAIN /* 漢字漢字漢字漢字漢字 SELECT 1 -- */ COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
EXPLAIN \u00a0\u00a0\u2003\u2003\u2003/* SELECT 1 -- */ ANALYZE COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
EXPLAIN ANALYZE INSERT INTO citation SELECT 1, 'x'
EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1
EXPLAIN ANALYZE WITH x AS (SELECT 1) DELETE FROM citation
EXPORT DATABASE 'PLACE/other/export'
EXPORT DATABASE '.'
IMPORT DATABASE 'PLACE/other'
PRAGMA import_database('PLACE/other')
PRAGMA copy_database('corpus', 'memory')
ATTACH 'PLACE/other/other.duckdb'
ATTACH 'PLACE/other/new.duckdb' AS new
ATTACH 'PLACE/data/corpus.duckdb' AS again
ATTACH ':memory:' AS new
DETACH corpus
INSTALL httpfs
LOAD httpfs
LOAD 'PLACE/other/x.duckdb_extension'
UPDATE EXTENSIONS
SET enable_external_access = true
SET disabled_filesystems = ''
SET lock_configuration = false
SET temp_directory = 'PLACE/other'
SET log_query_path = 'PLACE/other/log'
SET profiling_output = 'PLACE/other/profile'
SET secret_directory = 'PLACE/other'
SET home_directory = 'PLACE/other'
SET VARIABLE x = 1
RESET disabled_filesystems
PRAGMA enable_profiling
PRAGMA enable_profiling = 'json'
PRAGMA profiling_output = 'PLACE/other/profile'
PRAGMA profile_output = 'PLACE/other/profile'
PRAGMA enable_logging
PRAGMA temp_directory = 'PLACE/other'
PRAGMA force_checkpoint
CALL enable_logging(storage := 'file', storage_path := 'PLACE/other/log')
CALL enable_profiling(save_location := 'PLACE/other/profile')
CALL pragma_version()
SELECT * FROM enable_logging('QueryLog', storage := 'file', storage_path := 'PLACE/other/log')
SELECT * FROM enable_profiling(save_location := 'PLACE/other/profile')
SELECT * FROM force_checkpoint('corpus')
SELECT nextval('number')
CREATE PERSISTENT SECRET s (TYPE http)
CREATE SECRET s (TYPE http)
CREATE TABLE x (i INT)
CREATE TEMP TABLE x AS SELECT 1
CREATE TABLE memory.main.x AS SELECT 1
CREATE VIEW x AS SELECT 1
CREATE MACRO x() AS 1
CHECKPOINT
FORCE CHECKPOINT
VACUUM
ANALYZE
INSERT INTO citation VALUES (9, 'x')
WITH x AS (SELECT 1) INSERT INTO citation SELECT 1, 'x'
UPDATE citation SET title = 'forged'
DELETE FROM citation
TRUNCATE citation
MERGE INTO citation USING (SELECT 1 AS pmid) AS new USING (pmid) WHEN MATCHED THEN DELETE
ALTER TABLE citation ADD COLUMN x INT
DROP TABLE citation
COMMENT ON TABLE citation IS 'forged'
USE memory
BEGIN TRANSACTION
PREPARE x AS COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
EXECUTE x
DEALLOCATE x
SELECT 1; COPY (SELECT 1) TO 'PLACE/data/corpus.duckdb'
PREPARE x AS COPY (SELECT 1) TO 'corpus.duckdb'; EXECUTE x
PIVOT (FROM citation) ON title USING count(*)
COPY (PIVOT citation ON title USING count(*)) TO 'PLACE/data/corpus.duckdb'
SELECT * FROM query('COPY (SELECT 1) TO ''PLACE/data/corpus.duckdb''')
SELECT * FROM query('SELECT 1; COPY (SELECT 1) TO ''PLACE/data/corpus.duckdb''')
SELECT * FROM query('FROM ''PLACE/other/secret.csv''')
SELECT * FROM query_table('PLACE/other/secret.csv')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('COPY (SELECT 1) TO ''corpus.duckdb'''))
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''PLACE/other/secret.csv'')'))
PRAGMA json_execute_serialized_sql('{}')
FROM 'PLACE/other/secret.csv'
FROM 'PLACE/other/other.duckdb'
FROM read_csv('PLACE/other/secret.csv')
FROM read_csv('/dev/stdin')
FROM read_csv('~/secret.csv')
FROM read_text('PLACE/other/secret.csv')
FROM read_text('PLACE/data/corpus.duckdb')
FROM read_blob('corpus.duckdb')
FROM read_json('PLACE/other/secret.json')
FROM read_ndjson_objects('PLACE/other/secret.json')
FROM read_parquet('PLACE/other/*.parquet')
FROM parquet_metadata('PLACE/other/x.parquet')
FROM read_duckdb('PLACE/other/other.duckdb')
FROM sniff_csv('PLACE/other/secret.csv')
FROM glob('PLACE/other/*')
FROM glob('*')
FROM 'http://127.0.0.1:9/secret.csv'
FROM 's3://bucket/secret.parquet'
FROM sqlite_scan('PLACE/other/other.db', 'secret')
FROM python_variable
SELECT getenv('HOME')
EXPLAIN ANALYZE FROM read_text('PLACE/other/secret.csv')
DESCRIBE FROM 'PLACE/other/secret.csv'
SUMMARIZE FROM 'PLACE/other/secret.csv'
SELECT (SELECT content FROM read_text('PLACE/other/secret.csv'))
WITH x AS MATERIALIZED (FROM read_text('/etc/passwd')) FROM x
WITH x AS (INSERT INTO citation VALUES (9, 'x') RETURNING pmid) FROM x
WITH x AS (COPY (SELECT 1) TO 'corpus.duckdb') SELECT 1
FROM (COPY (SELECT 1) TO 'corpus.duckdb')
FROM (CALL enable_logging())
EXPLAIN ANALYZE EXPLAIN ANALYZE COPY (SELECT 1) TO 'corpus.duckdb'
EXPLAIN ANALYZE EXPORT DATABASE 'x'
EXPLAIN ANALYZE SET lock_configuration = false
FROM arrow_scan(1::POINTER, 2::POINTER, 3::POINTER)
FROM pandas_scan(1::POINTER)
FROM query('WITH x AS (SELECT 1) INSERT INTO citation SELECT 1, ''x''')
FROM query_table('citation; COPY (SELECT 1) TO ''corpus.duckdb''')
FROM corpus.main."PLACE/other/secret.csv"
FROM read_blob('/proc/self/environ')
FROM read_text('pipe:ls')
FROM read_csv('id |')
ATTACH OR REPLACE ':memory:' AS corpus
COPY (FROM citation) TO '/proc/self/fd/1'
SET streaming_buffer_size = '10GB'
PIVOT citation ON (SELECT content FROM read_text('PLACE/other/secret.csv'))
""".strip().splitlines()


@pytest.mark.parametrize("statement", ATTACKS)
def test_what_writes_or_reaches_out_is_refused_in_one_sentence(statement: str, place: Path) -> None:
    """First by its kind in DuckDB's parser; if that erred, by a connection that cannot do it."""
    python_variable = pa.table({"word": ["secret"]})
    before = digest(place)
    sql = statement.replace("PLACE", str(place))
    for data in ("data", "link"):
        con = open_published(DataDirectory(place / data))
        with pytest.raises(QueryError) as caught:
            ask(con, sql)
        assert "\n" not in str(caught.value)
        assert "secret\n" not in str(caught.value)
        try:
            found = con.execute(sql).fetchall()
        except duckdb.Error:
            found = []
        assert "secret" not in str(found)
        con.close()
    assert digest(place) == before
    assert python_variable.num_rows == 1


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("FROM citation", 0),
        ("VALUES (7)", 7),
        ("WITH a AS (SELECT 7) FROM a", 7),
        ("DESCRIBE citation", "pmid"),
        ("SHOW TABLES", "article"),
        ("SUMMARIZE article", "pmid"),
        ("/* 漢字 */ EXPLAIN -- why\nFROM citation", "physical_plan"),
        ("EXPLAIN (ANALYZE, FORMAT json) SELECT count(*) FROM citation;", "analyzed_plan"),
        ("PIVOT citation ON pmid IN (1, 2) USING count(*) GROUP BY title ORDER BY title", "Title 0"),
        ("FROM query('SELECT 7')", 7),
        ("FROM query_table('citation')", 0),
        ("SELECT 7 -- COPY (SELECT 1) TO 'corpus.duckdb'", 7),
        ("SELECT 'COPY; DROP TABLE citation; PIVOT'", "COPY; DROP TABLE citation; PIVOT"),
        ("SELECT count(*) FROM duckdb_secrets()", 0),
    ],
)
def test_what_reads_is_answered(sql: str, first: int | str, place: Path) -> None:
    """Whatever word it begins with."""
    con = open_published(DataDirectory(place / "data"))
    assert ask(con, sql)[0][0].as_py() == first
    con.close()


@pytest.mark.parametrize("ending", [".wal", ".wal.checkpoint", ".wal.recovery"])
def test_a_log_of_another_program_is_not_replayed(ending: str, place: Path) -> None:
    """DuckDB would take it for a part of the file, read-only too."""
    log = place / "data" / f"corpus.duckdb{ending}"
    log.write_bytes(b"")
    with pytest.raises(StoreError, match=f"corpus.duckdb{ending}"):
        open_published(DataDirectory(place / "data"))


def test_two_questions_can_be_open_at_once(place: Path) -> None:
    """In one process over one file, each with its own memory."""
    one = open_published(DataDirectory(place / "data"))
    two = open_published(DataDirectory(place / "data"), memory="200MB")
    assert [ask(con, "SELECT count(*) FROM citation")[0][0].as_py() for con in (one, two)] == [3, 3]
    one.close()
    two.close()


def test_an_error_on_the_way_is_one_sentence(place: Path) -> None:
    """It comes through Arrow, as an operating system error."""
    con = open_published(DataDirectory(place / "data"))
    answer = stream(con, "SELECT CASE WHEN range = 9999 THEN error('no more') ELSE 1 END FROM range(10000)")
    with pytest.raises(QueryError, match=r"^Invalid Input Error: no more$"):
        answer.read_all()
    con.close()


def test_only_the_time_of_the_question_counts(place: Path) -> None:
    """Whoever reads the answer may take longer; and an endless answer is stopped."""
    con = open_published(DataDirectory(place / "data"))
    answer = stream(con, "SELECT * FROM range(1000000000000)", seconds=0.5)
    assert answer.read_next_batch()[0][0].as_py() == 0
    time.sleep(0.6)
    assert answer.read_next_batch()[0][0].as_py() == 2048
    with pytest.raises(QueryError, match=r"stopped after 0\.5 s; ask for less, or allow more with --timeout"):
        for _ in answer:
            pass
    assert ask(con, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    con.close()


def test_a_question_ends_with_ctrl_c(place: Path) -> None:
    """DuckDB itself listens only until the first rows are there."""
    con = open_published(DataDirectory(place / "data"))
    endless = "SELECT a.range FROM range(1000000000) AS a, range(1000) AS b WHERE a.range * b.range = 3 AND b.range > 3"
    ctrl_c = threading.Timer(1, os.kill, [os.getpid(), signal.SIGINT])
    ctrl_c.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(con, endless, seconds=60)
    assert time.monotonic() - start < 30
    assert ask(con, "SELECT 1 AS one").to_pylist() == [{"one": 1}]
    con.close()


MEASURE = """
import io, resource, sys
from pathlib import Path
from flows.command.answers import write_values
from warehouse.query import open_published, stream
from warehouse.store import DataDirectory
con = open_published(DataDirectory(Path(sys.argv[1])), memory="100MB")
sql = f"SELECT range AS pmid, 'A title of some length ' || range AS title FROM range({sys.argv[3]})"
write_values(stream(con, sql), sys.argv[2], open("/dev/null", "wb"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("format_", ["table", "csv", "json", "parquet"])
def test_memory_does_not_grow_with_the_answer(format_: str, place: Path) -> None:
    """Rows in the millions take at most 60 MB more than a few."""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEASURE, str(place / "data"), format_, str(count)],
                check=True,
                capture_output=True,
                cwd=REPOSITORY,
            ).stdout
        )
        * (1 if sys.platform == "darwin" else 1024)
        for count in (10_000, 2_000_000 if format_ in ("table", "parquet", "csv") else 300_000)
    ]
    assert peaks[1] - peaks[0] < 60_000_000, peaks
