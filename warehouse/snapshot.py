"""The current tables as sorted Parquet, for any reader of Parquet: on a disk, or in an object store.

TARGET/<last_run_id>/<table>/*.parquet   sorted by the table's key, in small row groups: a PMID is found quickly
TARGET/<last_run_id>/attach.sql          the tables, views and macros of the published file over them, for any DuckDB
TARGET/<last_run_id>/datapackage.json    Frictionless: every table and column with its meaning
TARGET/<last_run_id>/manifest.json       which corpus it is, and its files; written last
TARGET/latest                            a link to the newest; in an object store, its attach.sql and manifest.json

A folder is renamed when all of it is there. An object store renames nothing: there, a snapshot is one when it has its
manifest.json. Files are called after the run, so that nobody reads some of one snapshot and some of another.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from warehouse.current import limit, literal, open_memory, quoted, use_file
from warehouse.errors import StoreError, UsageError
from warehouse.published import reading
from warehouse.schema.companions import COMPANION
from warehouse.schema.declaration import PROGRAM, Column, Table
from warehouse.schema.tables import TABLES
from warehouse.sql_files import read_definitions
from warehouse.store import DataDirectory, spill_folder, why_not_written

# A lookup reads the foot of a file and one group of it, less than 1 MB together: a group of so many bytes of memory is
# packed to two thirds, and the foot has some 80 bytes for each column of each group (tests/trials/lookup.py).
GROUP_BYTES, GROUPS_A_FILE, COLUMN_CHUNKS_A_FILE = 700 << 10, 100, 2_500
LEAST_GROUP_ROWS, MOST_GROUP_ROWS = 256, 20_000
BATCH_ROWS = 2048

# https://www.nlm.nih.gov/databases/download/terms_and_conditions.html
LICENCE = (
    "Courtesy of the U.S. National Library of Medicine. This copy is as of {as_of} UTC, and may not reflect the most "
    "current data available from NLM. NLM does not own the copyright of abstracts."
)

# What stands before the bucket in an address; a key that should have its slashes as %2F may have them as they are.
ACCOUNT = re.compile(r"^(?:[^/?]*|[^?]*:[^?]*)@")

# What Frictionless calls a type.
FIELD_TYPES = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "number"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_list, "array"),
)


# As in flows/definition/progress.py: a step's name, how much is done and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Target:
    """Where snapshots are.

    Attributes:
        files: The file system.
        root: The folder's path in it.
        shown: The folder as other programs name it: an absolute path, or the address without account, key and query.
        is_local: It is a folder of this machine.
    """

    files: Any
    root: str
    shown: str
    is_local: bool


def find_target(target: str) -> Target:
    """The file system of a folder or an address; credentials are those of its own library.

    Raises:
        UsageError: It is neither a folder nor an address of an object store.
    """
    if "://" not in target:
        path = Path(target).absolute()
        return Target(pafs.LocalFileSystem(), str(path), str(path), is_local=True)
    scheme, _, rest = target.partition("://")
    shown = f"{scheme}://{ACCOUNT.sub('', rest).partition('?')[0].rstrip('/')}"
    try:
        files, root = pafs.FileSystem.from_uri(f"{'abfs' if scheme == 'az' else scheme}://{rest}")
    except (pa.ArrowException, OSError, ValueError) as exc:
        reason = str(exc).splitlines()[0].replace(rest, shown.partition("://")[2])
        raise UsageError(
            f"{shown}: give a folder, or an address such as s3://bucket/folder, gs:// or az:// ({reason})."
        ) from exc
    return Target(files, root.rstrip("/"), shown, is_local=False)


def write_snapshot(directory: DataDirectory, address: str, *, progress: Progress) -> str:
    """Write what the published file holds, and let `latest` be it; the folder or address of the snapshot.

    Args:
        directory: The data directory.
        address: A folder, or an address such as s3://bucket/folder.
        progress: Told of the tables.
    Raises:
        UsageError: There can be nothing at the address.
        StoreError: Nothing is published, or the snapshot cannot be written.
    """
    if not directory.database.exists():
        raise StoreError(f"There is no {directory.database} yet; run `corpus refresh` or `corpus ingest` first.")
    target = find_target(address)
    con = open_memory()
    try:
        limit(con, directory, directory.database.stat().st_size)
        con.execute(f"SET temp_directory = {literal(str(spill_folder(directory, 'snapshot')))}")
        with reading(directory):
            con.execute(f"ATTACH {literal(str(directory.database))} AS corpus (READ_ONLY)")
        use_file(con, "corpus")
        (manifest,) = con.sql("FROM manifest").to_arrow_table().to_pylist()
        if manifest["last_run_id"] is None:
            raise StoreError(f"{directory.database} has no run yet; run `corpus refresh` or `corpus ingest` first.")
        return write_all(con, target, manifest, progress)
    except (OSError, pa.ArrowException) as exc:
        raise StoreError(f"Cannot write {target.shown}: {why_not_written(exc)}. `latest` is as it was.") from exc
    except duckdb.BinderException as exc:
        raise StoreError(
            f"{directory.database} was published by another version; publish it again with `corpus compact` first."
        ) from exc
    except duckdb.Error as exc:
        raise StoreError(f"{directory.database} cannot be read: {str(exc).splitlines()[0]}") from exc
    finally:
        con.close()


def write_all(con: duckdb.DuckDBPyConnection, target: Target, manifest: dict[str, Any], progress: Progress) -> str:
    """Write a snapshot beside those that are there, unless it is one of them, and let `latest` be it."""
    name = str(manifest["last_run_id"])
    final, shown = f"{target.root}/{name}", f"{target.shown}/{name}"
    if target.files.get_file_info(f"{final}/manifest.json").type == pafs.FileType.NotFound:
        folder = f"{target.root}/.partial-{name}" if target.is_local else final
        if target.is_local:
            shutil.rmtree(folder, ignore_errors=True)
        written: dict[str, list[dict[str, Any]]] = {}
        tables = [*(table for table in TABLES.values() if not table.is_raw), *declare_companions(con)]
        for table in tables:
            written[table.name] = write_table(con, table, target, f"{folder}/{table.name}", name)
            progress("tables", len(written), len(tables))
        put_text(target, f"{folder}/attach.sql", attach_sql(shown, written, manifest))
        put_text(target, f"{folder}/datapackage.json", dump(datapackage(name, written, manifest, tables)))
        put_text(target, f"{folder}/manifest.json", dump(describe(name, written, manifest, tables)))
        if target.is_local:
            Path(folder).rename(final)
    point_latest(target, name)
    return shown


def declare_companions(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """The companion tables as declarations; their PMIDs can come more than once."""
    rows = con.execute(f"SELECT table_name, file_name, file_sha256 FROM {COMPANION.name} ORDER BY ALL").fetchall()
    declared = []
    for name, file_name, sha256 in rows:
        schema = con.sql(f"FROM {quoted(name)} LIMIT 0").to_arrow_table().schema
        columns = tuple(Column(field.name, field.type, "As in the file.", null="As in the file.") for field in schema)
        declared.append(
            Table(name, f"a row of {file_name}, SHA-256 {sha256}.", ("pmid",), columns, owner=COMPANION.name)
        )
    return declared


def is_companion(table: Table) -> bool:
    """Whether a table is of a file of a person's own, which has no key."""
    return table.owner == COMPANION.name


def write_table(
    con: duckdb.DuckDBPyConnection, table: Table, target: Target, folder: str, name: str
) -> list[dict[str, Any]]:
    """Write a table, sorted by its key, in as many files as it needs; at least one, for its columns.

    Returns:
        Of each file its name below the snapshot, its rows, bytes, and first and last PMID.
    """
    if target.is_local:
        target.files.create_dir(folder, recursive=True)
    key, columns = (", ".join(map(quoted, names)) for names in (table.key, table.column_names))
    rows = con.sql(f"SELECT {columns} FROM {quoted(table.name)} ORDER BY {key}").to_arrow_reader(BATCH_ROWS)
    written = []
    for number, groups in enumerate(files_of(rows)):
        path = f"{folder}/{name}-{number:05}.parquet"
        count, pmids = 0, []
        with target.files.open_output_stream(path) as stream, open_writer(stream, table, rows.schema) as writer:
            for group in groups:
                writer.write_table(group)
                count += group.num_rows
                if "pmid" in table.column_names and group.num_rows:
                    pmids += [pc.min(group["pmid"]).as_py(), pc.max(group["pmid"]).as_py()]
        size = target.files.get_file_info(path).size
        known = [pmid for pmid in pmids if pmid is not None]
        written.append(
            {
                "path": f"{table.name}/{name}-{number:05}.parquet",
                "rows": count,
                "bytes": size,
                "pmid_min": min(known, default=None),
                "pmid_max": max(known, default=None),
            }
        )
    return written


def open_writer(stream: Any, table: Table, schema: pa.Schema) -> Any:
    """A writer whose files have statistics of the key alone: those of 60 columns would make their feet large."""
    return pq.ParquetWriter(stream, schema, compression="zstd", write_statistics=list(table.key))


def files_of(rows: pa.RecordBatchReader) -> Iterator[Iterator[pa.Table]]:
    """The row groups of a table, a file's worth at a time; one without rows if there are none."""
    groups = groups_of(rows)
    first = next(groups, rows.schema.empty_table())

    def part(beginning: pa.Table) -> Iterator[pa.Table]:
        yield beginning
        for _ in range(min(GROUPS_A_FILE, COLUMN_CHUNKS_A_FILE // len(rows.schema)) - 1):
            group = next(groups, None)
            if group is None:
                return
            yield group

    following: pa.Table | None = first
    while following is not None:
        yield part(following)
        following = next(groups, None)


def groups_of(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Rows in groups of about `GROUP_BYTES` of memory."""
    waiting: list[pa.RecordBatch] = []
    count = size = 0
    for batch in rows:
        each = max(1, batch.nbytes // max(1, batch.num_rows))
        most = min(MOST_GROUP_ROWS, max(LEAST_GROUP_ROWS, GROUP_BYTES // each))
        for start in range(0, batch.num_rows, most):
            piece = batch.slice(start, most)
            waiting.append(piece)
            count, size = count + piece.num_rows, size + piece.num_rows * each
            if size >= GROUP_BYTES or count >= MOST_GROUP_ROWS:
                yield pa.Table.from_batches(waiting, rows.schema).combine_chunks()
                waiting, count, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting, rows.schema).combine_chunks()


def attach_sql(shown: str, written: dict[str, list[dict[str, Any]]], manifest: dict[str, Any]) -> str:
    """Statements that make the tables, views and macros of the published file over the snapshot's files."""
    lines = [
        f"-- The corpus of run {manifest['last_run_id']} over Parquet, for DuckDB 1.5 and later: .read attach.sql",
        f"-- If the snapshot is moved, write its new place for {shown} everywhere here.",
        f"-- {LICENCE.format(as_of=manifest['as_of'])}",
        f"CREATE SCHEMA IF NOT EXISTS {PROGRAM};",
    ]
    for table, files in written.items():
        names = ", ".join(literal(f"{shown}/{file['path']}") for file in files)
        schema = TABLES[table].schema if table in TABLES else "main"
        lines.append(f"CREATE VIEW {schema}.{quoted(table)} AS FROM read_parquet([{names}]);")
    lines += [f"{file.statement.rstrip().rstrip(';')};" for file in read_definitions()]
    return "\n".join(lines) + "\n"


def describe(
    name: str, written: dict[str, list[dict[str, Any]]], manifest: dict[str, Any], tables: list[Table]
) -> dict[str, Any]:
    """manifest.json: which corpus it is, and which files."""
    return {
        "snapshot": name,
        "licence": LICENCE.format(as_of=manifest["as_of"]),
        **{key: value for key, value in manifest.items() if key != "row_counts"},
        "tables": {
            table.name: {
                "key": list(table.key),
                "rows": sum(file["rows"] for file in written[table.name]),
                "columns": {column.name: str(column.type) for column in table.columns},
                "files": written[table.name],
            }
            for table in tables
        },
    }


def datapackage(
    name: str, written: dict[str, list[dict[str, Any]]], manifest: dict[str, Any], tables: list[Table]
) -> dict[str, Any]:
    """datapackage.json, as Frictionless has it."""
    return {
        "name": f"corpus-{name.lower()}",
        "title": "A PubMed literature corpus",
        "version": name,
        "created": f"{manifest['as_of']:%Y-%m-%dT%H:%M:%SZ}",
        "description": LICENCE.format(as_of=manifest["as_of"]),
        "sources": [{"title": "PubMed, U.S. National Library of Medicine", "path": "https://pubmed.ncbi.nlm.nih.gov/"}],
        "resources": [
            {
                "name": table.name,
                "description": table.row,
                "path": [quote(file["path"]) for file in written[table.name]],
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "schema": {
                    "fields": [
                        {
                            "name": column.name,
                            "type": field_type(column.type),
                            "description": column.doc,
                            "constraints": {"required": not column.null},
                        }
                        for column in table.columns
                    ],
                    **({} if is_companion(table) else {"primaryKey": list(table.key)}),
                },
            }
            for table in tables
        ],
    }


def field_type(type_: pa.DataType) -> str:
    """What Frictionless calls a type; a text is a string, and so is what it has no word for."""
    return next((called for is_one, called in FIELD_TYPES if is_one(type_)), "string")


def point_latest(target: Target, name: str) -> None:
    """Let `latest` be a snapshot: a link, or copies of the two files that name all others."""
    if target.is_local:
        link = Path(target.root, f".latest-{os.getpid()}")
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(Path(target.root, "latest"))
        return
    for file in ("attach.sql", "manifest.json"):
        with target.files.open_input_stream(f"{target.root}/{name}/{file}") as stream:
            text = stream.read().decode("utf-8")
        put_text(target, f"{target.root}/latest/{file}", text)


def put_text(target: Target, path: str, text: str) -> None:
    """Write a small file; an object store shows it when it is whole."""
    with target.files.open_output_stream(path) as stream:
        stream.write(text.encode("utf-8"))


def dump(facts: dict[str, Any]) -> str:
    """Facts as JSON; times as text."""
    return json.dumps(facts, indent=1, default=str, ensure_ascii=False) + "\n"
