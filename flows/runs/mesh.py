"""Load NLM's MeSH into the corpus: `corpus mesh`."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

import duckdb

from flows.definition.paths import show
from flows.definition.progress import Progress, silent
from flows.definition.settings import Settings
from flows.nlm_files.files import md5_of, opening, unpack_blocks
from flows.nlm_files.mesh_files import download, find_newest
from flows.runs.ledger import RunFacts, run_table
from transforms.mesh_xml import MeshDocument, read_mesh
from warehouse import build
from warehouse.errors import UsageError
from warehouse.lock import writing
from warehouse.query import open_published
from warehouse.run_writer import RunWriter, commit_run, discard_run, start_run
from warehouse.schema.ledger import RUN
from warehouse.schema.mesh_vocabulary import MESH_FILE
from warehouse.store import DataDirectory

Held = dict[str, tuple[int, str]]


def add_mesh(
    settings: Settings,
    paths: Sequence[Path],
    *,
    url: str | None = None,
    folders: Sequence[Path] = (),
    is_again: bool = False,
    progress: Progress = silent,
) -> Iterator[str]:
    """Read files of MeSH into one run and publish it; says what it read.

    A file that is held already is read again only if asked for.

    Args:
        settings: Options.
        paths: Descriptor, qualifier and supplementary files, `.xml` or packed.
        url: A page that links to them; the newest of each kind are downloaded as well.
        folders: Folders that the paths must be below; any folder if empty.
        is_again: Also read files that are held.
        progress: Told of the bytes.
    Raises:
        UsageError: A file does not exist, or two are of one kind.
        DocumentError: A file is not MeSH, or not whole; nothing of any file is kept.
        EntrezError: They cannot be downloaded.
        StoreError: The data directory cannot be written.
    """
    for path in paths:
        if not path.is_file():
            raise UsageError(f"There is no file {show(path)}.")
    directory = settings.directory
    with writing(directory, purpose="mesh", wait=not settings.no_wait):
        now = datetime.now(UTC)
        held = read_held(directory)
        if is_again:
            held = {kind: (year, "") for kind, (year, _) in held.items()}
        writer = start_run(directory, now)
        folder = directory.staging / "mesh"
        sources = [(path, str(path.name)) for path in paths]
        try:
            sources += [(download(address, folder, progress), address) for address in (find_newest(url) if url else ())]
            read: dict[str, str] = {}
            for path, name in sources:
                with opening(path, folders if name == path.name else ()) as stream:
                    yield read_file(writer, stream, name, held, read, progress)
            if read:
                facts = RunFacts(
                    writer.run_id, "mesh", now.replace(tzinfo=None), ", ".join(read.values()), is_complete=True
                )
                writer.write({RUN.name: run_table(facts, {})})
                commit_run(writer)
        finally:
            discard_run(writer)
            for path, name in sources:
                if name != path.name:
                    path.unlink(missing_ok=True)
        if read:
            progress("publish", 0, 1)
            build.publish(directory)
            progress("publish", 1, 1)


def read_held(directory: DataDirectory) -> Held:
    """Year and MD5 of the files that hold, by kind."""
    if not directory.database.exists():
        return {}
    con = open_published(directory)
    try:
        rows = con.execute(f"SELECT mesh_kind, mesh_year, file_md5 FROM {MESH_FILE.name}").fetchall()
    except duckdb.CatalogException:  # Published before there was MeSH in the corpus.
        return {}
    finally:
        con.close()
    return {kind: (year, md5) for kind, year, md5 in rows}


def read_file(
    writer: RunWriter, stream: BufferedReader, name: str, held: Held, read: dict[str, str], progress: Progress
) -> str:
    """Write the rows of a file; returns a sentence about it.

    Args:
        writer: The run.
        stream: The file.
        name: Its name or address, as it is kept.
        held: The files that hold.
        read: Names of the files read so far, by kind; this one is added.
        progress: Told of the bytes.
    Raises:
        UsageError: Another file of its kind was read in this run.
        DocumentError: It is not MeSH, or not whole.
    """
    md5, size = md5_of(stream), stream.tell()
    if same := [kind for kind, (_, held_md5) in held.items() if held_md5 == md5]:
        return f"{name}: the {same[0]}s of MeSH {held[same[0]][0]} are held already; not read again."
    document = MeshDocument(name)
    for tables in read_mesh(unpack_blocks(stream, lambda done: progress(name, done, size)), document):
        if document.kind in read:
            raise UsageError(f"{read[document.kind]} and {name} are both {document.kind} files; give one of them.")
        writer.write(tables)
    read[document.kind] = name
    now = datetime.now(UTC).replace(tzinfo=None)
    row = (document.kind, document.year, name, md5, size, document.record_count, now, writer.run_id)
    writer.write({MESH_FILE.name: MESH_FILE.to_arrow([row])})
    held_year = held.get(document.kind, (0, ""))[0]
    sentence = f"{name}: {document.record_count:,} {document.kind} records of MeSH {document.year}."
    return sentence if (document.year or 0) >= held_year else f"{sentence} Those of {held_year} hold."
