"""Documents read into a staged folder: the rows of every record, and every delivery with where it is from.

Reading knows nothing of the corpus, so that it is the same in any process; what holds is decided afterwards
(warehouse/decide.py).
"""

import ctypes
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flows.definition.paths import show
from flows.definition.progress import Progress, silent
from flows.definition.version import CODE_VERSION
from flows.nlm_files.files import check_md5, md5_of, opening, unpack_blocks
from transforms.parsed_records import Provenance, UnknownElement, add_unknown
from transforms.pubmed_document import DocumentChunk, split_document
from transforms.pubmed_xml import make_rows
from transforms.raw_records import ChunkRecords, read_chunk
from warehouse.run_writer import RunWriter, discard_run, open_reading
from warehouse.schema.ledger import REJECTED_CITATION, UNKNOWN_ELEMENT
from warehouse.store import DataDirectory

# A file of NLM's baseline or update files.
NLM_NAME = re.compile(r"pubmed(\d\d)n(\d{4,6})\.xml(?:\.gz)?")


@dataclass
class Reading:
    """Documents being read into one staged folder.

    Attributes:
        writer: Of the folder.
        chunk_count: Chunks read so far.
        rejected_count: Records rejected so far.
        nameless_count: Those of them without a PMID.
        unknown: Elements that no column is declared for, by path.
        refused: Sentences about deletions that name no PMID.
    """

    writer: RunWriter
    chunk_count: int = 0
    rejected_count: int = 0
    nameless_count: int = 0
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def read(self, chunks: Iterator[DocumentChunk], provenance: Provenance, *, name: str) -> set[int]:
        """Read a document; the PMIDs of its records.

        Args:
            chunks: As `split_document` gives them.
            provenance: Where the document is from.
            name: What to call it in an error.
        Raises:
            DocumentError: It is not well-formed.
            StoreError: The disk is full or not writable.
        """
        pmids: set[int] = set()
        with resting_collector(), keeping_memory():
            for chunk in chunks:
                pmids |= self.add(read_chunk(chunk, name=name), provenance)
        return pmids

    def add(self, found: ChunkRecords, provenance: Provenance) -> set[int]:
        """Make and write the rows of a chunk; the PMIDs of its records."""
        self.chunk_count += 1
        read = make_rows(found, provenance, chunk_order=self.chunk_count, rejected_before=self.rejected_count)
        self.rejected_count = read.rejected_count
        if (refused := read.tables.get(REJECTED_CITATION.name)) is not None:
            self.nameless_count += refused["pmid"].null_count
        for element in read.unknown.values():
            add_unknown(self.unknown, element)
        self.refused += found.refused
        self.writer.write(read.tables)
        return {record.pmid for record in found.records if record.pmid is not None}

    def close(self) -> None:
        """Write what is left."""
        rows = [
            (self.writer.run_id, u.path, u.count, u.example_pmid, u.example_text)
            for _, u in sorted(self.unknown.items())
        ]
        self.writer.write({UNKNOWN_ELEMENT.name: UNKNOWN_ELEMENT.to_arrow(rows)})
        self.writer.close()


@contextmanager
def resting_collector() -> Iterator[None]:
    """Pause the garbage collector: none of the many rows that it would scan is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# Parameters of glibc's mallopt: https://man7.org/linux/man-pages/man3/mallopt.3.html
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES, DEFAULT_BYTES = 1 << 30, 32 << 20


@contextmanager
def keeping_memory() -> Iterator[None]:
    """Have glibc keep what a chunk lets go of for the next one: given back, every page of it is cleared again.

    At the end it is given back. Other libraries do as they do.
    """
    try:
        library = ctypes.CDLL(None)
        mallopt, trim = library.mallopt, library.malloc_trim
    except (AttributeError, OSError, TypeError):
        yield
        return
    for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        mallopt(parameter, KEPT_BYTES)
    try:
        yield
    finally:
        for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            mallopt(parameter, DEFAULT_BYTES)
        trim(0)


@dataclass(frozen=True)
class FileJob:
    """A file to be read; the unit of work of a process.

    Attributes:
        path: The file.
        directory: The data directory; its staging gets the folder.
        run_id: The run that the rows will belong to.
        read_at: When it is read, UTC without time zone; grows from file to file.
        is_salvaged: Keep the complete records of a truncated file.
        last_modified: Last-Modified as the server said, UTC without time zone; None if it is not known.
        folders: The folders that it has to be below; none is without bound.
    """

    path: Path
    directory: DataDirectory
    run_id: str
    read_at: datetime
    is_salvaged: bool = False
    last_modified: datetime | None = None
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class StagedFile:
    """A file that was read.

    Attributes:
        job: What was asked for.
        folder: The staged folder.
        name: Its name, as rows have it.
        md5: MD5, hex, of its bytes on disk.
        file_bytes: Its size on disk.
        nlm_year, nlm_number: Of a file of NLM's series, as its name says; otherwise None.
        breaks: Where it breaks off, if it does and was salvaged.
        nameless_count: Records without a PMID, which were rejected.
        refused: Sentences about deletions that name no PMID.
    """

    job: FileJob
    folder: Path
    name: str
    md5: str
    file_bytes: int
    nlm_year: int | None
    nlm_number: int | None
    breaks: tuple[str, ...]
    nameless_count: int
    refused: tuple[str, ...]


def read_file(job: FileJob, progress: Progress = silent) -> StagedFile:
    """Read one file into a staged folder.

    Raises:
        DocumentError: The file cannot be used; nothing of it is left in staging.
        StoreError: The disk is full or not writable.
    """
    path, breaks = job.path, list[str]()
    on_break = breaks.append if job.is_salvaged else None
    name = show(path.name)
    year, number = place_in_series(path.name)
    with opening(path, job.folders) as stream:
        md5, size = md5_of(stream), stream.tell()
        check_md5(path, md5, job.folders, on_break=on_break)
        provenance = Provenance(job.run_id, "file", name, job.read_at, CODE_VERSION, year, number, job.last_modified)
        reading = Reading(open_reading(job.directory, job.run_id))
        try:
            blocks = unpack_blocks(stream, lambda done: progress(name, min(done, size), size), on_break=on_break)
            reading.read(split_document(blocks, name=show(path), on_break=on_break), provenance, name=show(path))
            reading.close()
        except BaseException:
            discard_run(reading.writer)
            raise
    progress(name, size, size)
    return StagedFile(
        job,
        reading.writer.folder,
        name,
        md5,
        size,
        year,
        number,
        tuple(breaks),
        reading.nameless_count,
        tuple(reading.refused),
    )


def place_in_series(name: str) -> tuple[int | None, int | None]:
    """The year and the number of a file of NLM's series by its name: (26, 1402) of pubmed26n1402.xml.gz."""
    found = NLM_NAME.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else (None, None)
