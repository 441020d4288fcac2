"""Everything against everything: files against their hashes, records against theirs, Parquet against DuckDB.

What is found is said in sentences; nothing is changed.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.build import build, count_rows, facts_of, first_line
from warehouse.built_checks import check_build
from warehouse.current import literal, open_memory, quoted, use_file
from warehouse.errors import CheckError, CorpusError, StoreError, UsageError
from warehouse.open_file import open_file
from warehouse.published import check_ownership, own_published, read_fingerprints, read_published
from warehouse.schema.companions import COMPANION
from warehouse.schema.declaration import Table
from warehouse.schema.derived import BUILD, POSTING_LIST
from warehouse.schema.tables import TABLES
from warehouse.store import SUMS, DataDirectory, changed_files, committed_runs, run_folders

# The raw tables, with the column that has the bytes and the one that has their SHA-256.
RAW = (("raw_citation", "record_xml", "record_sha256"), ("raw_reply", "reply", "reply_sha256"))


def check_all(directory: DataDirectory) -> Iterator[str]:
    """The faults of a data directory, a sentence each."""
    troubles = [*check_folders(directory), *check_raw(directory)]
    yield from troubles
    if not directory.database.exists():
        yield f"There is no {directory.database}; run `corpus rebuild`."
        return
    yield from check_ownership(directory)
    with scratch(directory) as target:
        try:
            build(directory, target)
        except (duckdb.Error, CorpusError) as exc:
            yield f"The committed runs cannot be built: {first_line(exc)}"
            return
        # Version 0.1.0 did not record what it published.
        published = own_published(directory) or (None if read_fingerprints(directory) else read_published(directory))
        if published and published.facts["definition_sha256"] != facts_of(directory)["definition_sha256"]:
            yield f"Another version of this program published {directory.database}; `corpus rebuild` builds it afresh."
            return
        # Under another name it has no WAL beside it, which DuckDB would replay.
        alone = target.with_name("published.duckdb")
        try:
            alone.hardlink_to(directory.database)
        except OSError:
            shutil.copyfile(directory.database, alone)
        yield from compare(directory.database, target, through=alone)


def check_folders(directory: DataDirectory) -> Iterator[str]:
    """Files of committed runs that have changed, and folders that are not runs."""
    for entry in sorted(directory.parquet.iterdir()) if directory.parquet.is_dir() else ():
        if not entry.name.startswith(("run=", ".")):
            yield f"{entry} is not read: the name of a run begins with run=. Give it its name back, or move it out."
    for folder in run_folders(directory):
        for name in changed_files(folder):
            if name == SUMS:
                yield f"{folder} has no {SUMS}: it cannot be told whether its files are whole."
            else:
                yield f"{folder / name} is not what was committed; run `corpus rebuild`, or put it back from a backup."


def check_raw(directory: DataDirectory) -> Iterator[str]:
    """Raw records and replies that are not what their SHA-256 says."""
    for folder in run_folders(directory):
        for table, content, sha256 in RAW:
            path = folder / f"{table}.parquet"
            if path.exists():
                yield from check_raw_file(path, content, sha256)


def check_raw_file(path: Path, content: str, sha256: str) -> Iterator[str]:
    """Rows of one file whose bytes are not what their SHA-256 says."""
    try:
        with pq.ParquetFile(path) as source:
            for group in range(source.num_row_groups):
                rows = source.read_row_group(group, columns=[content, sha256])
                for body, expected in zip(rows[content], rows[sha256], strict=True):
                    if hashlib.sha256(body.as_buffer()).hexdigest() != expected.as_py():
                        yield f"{path} has a record that is not the one of SHA-256 {expected}."
    except (OSError, pa.ArrowException, UnicodeDecodeError) as exc:
        yield f"{path} cannot be read: {first_line(exc)}"


def compare(database: Path, afresh: Path, *, through: Path | None = None) -> Iterator[str]:
    """Where the published file differs from one built afresh from the same runs, or does not hold in itself.

    Args:
        database: The published file.
        afresh: The other one.
        through: Another name of the published file, by which it is opened.
    """
    con = open_memory()
    try:
        con.execute(f"ATTACH {literal(str(through or database))} AS published (READ_ONLY)")
        con.execute(f"ATTACH {literal(str(afresh))} AS afresh (READ_ONLY)")
        use_file(con, "published")
        for name in [t.name for t in TABLES.values() if not t.is_raw and t not in (BUILD, COMPANION)]:
            counts = [digest_rows(con, file, TABLES[name]) for file in ("published", "afresh")]
            if counts[0] != counts[1]:
                yield (
                    f"Table {name} of {database} has {counts[0][0]:,} rows, and the committed runs give "
                    f"{counts[1][0]:,}, or other ones; run `corpus rebuild`."
                )
        unordered = "SELECT 1 FROM posting_list WHERE first_pmid <> pmids[1] OR pmids <> list_sort(pmids) LIMIT 1"
        if con.execute(unordered).fetchall():
            yield f"Table posting_list of {database} has a list out of order; run `corpus rebuild`."
        check_build(con, count_rows(con))
    except duckdb.Error as exc:
        yield f"{database} cannot be read: {first_line(exc)}; run `corpus rebuild`."
    except CheckError as exc:
        yield str(exc).replace("; nothing was published", "")
    finally:
        con.close()


def digest_rows(con: duckdb.DuckDBPyConnection, file: str, table: Table) -> tuple[int, ...]:
    """Count and sums of the rows of a table, in any order."""
    rows, names = f"{file}.{table.schema}.{quoted(table.name)}", [quoted(name) for name in table.column_names]
    if table == POSTING_LIST:
        # A file that was brought up to date has the same citations of a word in other lists.
        rows = f"(SELECT word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count FROM {rows})"
        names = ["word", "field", "pmid", "word_count"]
    row = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(30))" for name in names)
    query = f"SELECT count(*), sum(md5_number_lower(concat_ws(chr(31), {row}))) FROM {rows}"
    ((count, digest),) = con.execute(query).fetchall()
    return int(count), int(digest or 0)


def check_manifest(directory: DataDirectory, path: Path) -> Iterator[str]:
    """Where the corpus that a manifest names is not the one that its runs give now.

    Raises:
        UsageError: The file is not a manifest.
    """
    manifest = read_manifest(path)
    run_ids = manifest["run_ids"]
    if missing := set(run_ids) - committed_runs(directory).keys():
        yield f"The run {min(missing)} of {path} is not in {directory.root}: another corpus, or part of it is lost."
        return
    with scratch(directory) as target:
        try:
            build(directory, target, run_ids=run_ids)
            with duckdb.connect(target, read_only=True) as con:
                ((found, counts),) = con.execute("SELECT content_sha256, row_counts FROM manifest").fetchall()
        except (duckdb.Error, CorpusError) as exc:
            yield f"The runs of {path} cannot be built: {first_line(exc)}"
            return
    if found != manifest["content_sha256"]:
        yield f"The runs of {path} give the content {found}, not {manifest['content_sha256']}."
    if differing := [name for name, count in manifest["row_counts"].items() if counts.get(name) != count]:
        name = differing[0]
        yield (
            f"The runs of {path} give {counts.get(name, 0):,} rows of {name}, not {manifest['row_counts'][name]}; "
            f"tables of which it says other numbers: {', '.join(differing)}."
        )
    last = max(run_ids, default=None)
    if manifest.get("last_run_id", last) != last:
        yield f"The last of the runs of {path} is {last}, not {manifest['last_run_id']}."


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest as `corpus sql "FROM manifest" --format json` writes it.

    Raises:
        UsageError: It cannot be read, or is something else.
    """
    try:
        with open_file(path) as stream:
            manifest: dict[str, Any] = json.loads(stream.read())
        counts = manifest["row_counts"]
        # A map is an object or a list of pairs, depending on the DuckDB version that wrote it.
        return manifest | {"row_counts": dict(counts), "run_ids": list(manifest["run_ids"])}
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise UsageError(
            f'{path} is not a manifest; make one: corpus sql "FROM manifest" --format json -o FILE.'
        ) from exc


@contextmanager
def scratch(directory: DataDirectory) -> Iterator[Path]:
    """A temporary place for a file that is compared.

    Raises:
        StoreError: There is no room for it.
    """
    folder = directory.staging / "check"
    size = directory.database.stat().st_size if directory.database.exists() else 0
    if shutil.disk_usage(directory.root).free < 2 * size:
        raise StoreError(
            f"{directory.root} has no room for a second {directory.database.name}; make room and run it again."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder / "afresh.duckdb"
    except OSError as exc:
        raise StoreError(f"{folder} cannot be written: {exc.strerror}; nothing was checked against DuckDB.") from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)
