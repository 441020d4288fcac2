"""The seeds folder: what the corpus is."""

import hashlib
import logging
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.definition.paths import show
from flows.definition.settings import Settings
from transforms.saved_page import article_text
from transforms.saved_references import read_references, tell_format
from transforms.seed_text import SeedPage, parse_seed_document
from transforms.strategy import read_strategy
from transforms.values import split_pmids
from warehouse.drift import DriftLimits
from warehouse.errors import SearchError, SeedError
from warehouse.open_file import open_file

logger = logging.getLogger("corpus")

# The most days in a rule: today minus many more would lie before year 1, which `datetime` does not have.
LONGEST_DAYS = 36_500

LinkKind = Literal["similar", "cited_by", "reference"]

DEFINITION_FILE = "corpus.toml"
# Companion tables; see warehouse/README.md.
TABLES_FOLDER = "tables"
# Files of references: how each ending is read (`transforms.saved_references`).
REFERENCE_ENDINGS = {
    ".nbib": "nbib",
    ".ris": "ris",
    ".csv": "csv",
    ".bib": "bib",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
}
ENDINGS = (".txt", ".pmids", ".query", *REFERENCE_ENDINGS)


class SeedLists(BaseModel):
    """[seed_lists]"""

    model_config = ConfigDict(extra="forbid")
    follow: list[LinkKind] = ["similar", "cited_by", "reference"]


class LinkRules(BaseModel):
    """[links]"""

    model_config = ConfigDict(extra="forbid")
    fetch: list[LinkKind] = ["similar", "cited_by", "reference"]
    follow: list[LinkKind] = []
    limit: int = Field(20, ge=1)
    depth: int = Field(1, ge=0, le=5)
    refetch_after_days: int = Field(7, ge=0, le=LONGEST_DAYS)
    linkout: bool = True
    linkout_after_days: int = Field(30, ge=0, le=LONGEST_DAYS)


class CitationRules(BaseModel):
    """[citations]"""

    model_config = ConfigDict(extra="forbid")
    refetch_after_days: int = Field(90, ge=0, le=LONGEST_DAYS)
    in_process_after_days: int = Field(7, ge=0, le=LONGEST_DAYS)
    missing_after_days: int = Field(7, ge=0, le=LONGEST_DAYS)
    deleted_after_hours: int = Field(12, ge=0, le=24 * LONGEST_DAYS)


class DriftRules(BaseModel):
    """[drift]"""

    model_config = ConfigDict(extra="forbid")
    citations_fall_percent: float = Field(5, ge=0, le=100)
    links_fall_percent: float = Field(30, ge=0, le=100)
    coverage_points: float = Field(10, ge=0, le=100)
    from_citations: int = Field(1000, ge=0)

    def limits(self, settings: Settings) -> DriftLimits | None:
        """What a publish is held to; None where drift is accepted."""
        return None if settings.accept_drift else DriftLimits(**self.model_dump())


class CorpusDefinition(BaseModel):
    """`corpus.toml`; the file and each of its entries can be left out."""

    model_config = ConfigDict(extra="forbid")
    seed_lists: SeedLists = SeedLists()
    links: LinkRules = LinkRules()
    citations: CitationRules = CitationRules()
    drift: DriftRules = DriftRules()


@dataclass(frozen=True)
class Seeds:
    """What the folder says.

    Attributes:
        pages: One for each page and each file of references.
        pmids: The `*.pmids` files, and `*.txt` of PMIDs, by name; `read_pmids` reads them, since they can have millions
            of lines.
        queries: The search by name of its `*.query` file.
        problems: Sentences about what cannot be used, each with file and line.
    """

    pages: tuple[SeedPage, ...]
    pmids: dict[str, Path]
    queries: dict[str, str]
    problems: tuple[str, ...] = ()


def read_seeds(folder: Path) -> Seeds:
    """Read the seeds of a folder; files of PMIDs are only looked through.

    Raises:
        SeedError: The folder cannot be looked into, or no seed in it can be used; names file, line and what to do.
    """
    seeds = Seeds(pages=(), pmids={}, queries={})
    pages: list[SeedPage] = []
    problems: list[str] = []
    for path in list_seeds(folder):
        try:
            problems += read_seed(path, pages, seeds)
        except SeedError as exc:
            problems.append(str(exc))
    if not (pages or seeds.pmids or seeds.queries):
        if problems:
            raise SeedError(problems[0])
        raise SeedError(f"{folder} holds no seed; put a *.txt, *.pmids, *.query, *.nbib or *.ris file into it.")
    for path in sorted(folder.iterdir()):
        if not (
            path.name.startswith((".", "README"))
            or path.name in (DEFINITION_FILE, TABLES_FOLDER)
            or path.suffix.lower() in ENDINGS
        ):
            logger.warning("%s is left out: seeds are %s files.", show(path), ", ".join(f"*{e}" for e in ENDINGS))
    return replace(seeds, pages=tuple(pages), problems=tuple(problems))


def list_seeds(folder: Path) -> list[Path]:
    """The files of a folder that are seeds by their ending, pages and references first."""
    return [path for ending in (".txt", *REFERENCE_ENDINGS, ".pmids", ".query") for path in seed_files(folder, ending)]


def read_seed(path: Path, pages: list[SeedPage], seeds: Seeds) -> list[str]:
    """Read one seed into `pages`, or the dicts of `seeds`; what cannot be used of a file that can.

    Raises:
        SeedError: The file cannot be used.
    """
    ending = path.suffix.lower()
    if ending == ".query":
        seeds.queries[show(path.name)] = read_query(path)
        return []
    if ending == ".pmids" or (ending == ".txt" and is_list(path)):
        for _ in read_pmids(path):
            pass
        seeds.pmids[show(path.name)] = path
        return []
    page, problems = read_page(path)
    pages.append(page)
    return problems


def is_list(path: Path) -> bool:
    """Whether a text is PubMed's "PMID" format: numbers and nothing else."""
    with opened(path) as stream:
        first = stream.read(PORTION_BYTES)
    return PMID_LIST.fullmatch(first.removeprefix(b"\xef\xbb\xbf")) is not None


def read_page(path: Path) -> tuple[SeedPage, list[str]]:
    """A page, or a file of references, and what cannot be used of the latter.

    Raises:
        SeedError: The file cannot be used.
    """
    content = read_file(path)
    name, ending = show(path.name), path.suffix.lower()
    kind = REFERENCE_ENDINGS.get(ending) or tell_format(content.decode("utf-8-sig", "replace"))
    if not kind:
        page = parse_seed_document(content, seed_id=name.removesuffix(".txt"), file_name=show(path))
        return replace(page, file_name=name), []
    text = decode(content, path)
    if not text.strip():
        raise SeedError(f"{show(path)}, line 1: the file is empty; save it again, or remove it.")
    if kind == "html" and (shown := article_text(text)):
        page = parse_seed_document(shown.encode(), seed_id=name, file_name=show(path))
        return replace(page, file_name=name, seed_text=text, seed_sha256=hashlib.sha256(content).hexdigest()), []
    entries, problems = read_references(text, kind)
    sentences = [f"{show(path)}, {problem}." for problem in problems]
    if not entries:
        raise SeedError(
            sentences[0] if sentences else f"{show(path)}, line 1: there is no reference in it; save it again."
        )
    page = SeedPage(
        seed_id=name.removesuffix(".txt"),
        file_name=name,
        pmid=None,
        title=None,
        doi=None,
        pmc_id=None,
        abstract=None,
        seed_text=text,
        seed_sha256=hashlib.sha256(content).hexdigest(),
        entries=entries,
        terms=(),
    )
    return page, sentences


def seed_files(folder: Path, ending: str) -> list[Path]:
    """The files of a folder with an ending, in capitals too; those hidden by editors and systems are not seeds.

    Raises:
        SeedError: The folder is not there, or cannot be looked into.
    """
    if not folder.is_dir():
        raise SeedError(f"There is no folder {folder}; make one with a seed in it, or name another with --seeds.")
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() == ending and not p.name.startswith("."))
    except OSError as exc:
        raise SeedError(f"{folder} cannot be read: {exc.strerror}; see to its permissions.") from exc


def read_pages(folder: Path) -> tuple[SeedPage, ...]:
    """The pages and files of references of a folder that can be used.

    Raises:
        SeedError: None of its seeds can be used.
    """
    return read_seeds(folder).pages


def read_definition(path: Path) -> CorpusDefinition:
    """Read `corpus.toml`; the defaults if there is none.

    Raises:
        SeedError: Not TOML, an entry that is not known, or a value that does not fit.
    """
    if not path.exists():
        return CorpusDefinition()
    text = read_text(path)
    try:
        return CorpusDefinition.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        line = re.search(r"line (\d+)", str(exc))
        where = f"line {line[1]}" if line else "its last line"
        reason = str(exc).partition(" (at ")[0]
        raise SeedError(f"{path}, {where}: {reason}; fix it there.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        keys = [str(key) for key in first["loc"] if isinstance(key, str)]
        line_number = line_of_entry(text, keys)
        raise SeedError(f"{path}, line {line_number}: {'.'.join(keys)}: {first['msg']}; fix or remove it.") from exc


def line_of_entry(text: str, keys: list[str]) -> int:
    """The line, from 1, on which a TOML entry (section, key) or at least its section stands."""
    section = found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\s*{re.escape(keys[0])}\s*\]", line):
            section = found = number
        elif re.match(rf"\s*{re.escape(keys[-1])}\s*=", line) and (section or len(keys) == 1):
            return number
    return found or 1


# The lines of a file that are read at a time, in bytes, and what most of them are: a PMID and nothing else.
PORTION_BYTES = 1 << 20
PLAIN_PMID = "^[1-9][0-9]{0,7}$"
PMID_LIST = re.compile(rb"(?:\s|[0-9]|,|;|PMIDs?:?)+", re.IGNORECASE)


def read_pmids(path: Path) -> Iterator[pa.Array]:
    """PMIDs of a file, as int64 in portions: `993`, `PMID: 993`, addresses of PubMed's, several in a line.

    `#` begins a comment. One that comes twice is there twice.

    Raises:
        SeedError: A line is not a PMID.
    """
    for number, lines in read_lines(path):
        entries = pc.utf8_trim_whitespace(pc.replace_substring_regex(pa.array(lines, pa.string()), "#.*", ""))
        is_plain = pc.match_substring_regex(entries, PLAIN_PMID)
        # Lines that are not plain PMIDs become Python objects, the others do not.
        others = []
        for index in pc.indices_nonzero(pc.invert(is_plain)).to_pylist():
            if entry := entries[index].as_py():
                try:
                    others += split_pmids(entry)
                except ValueError as exc:
                    raise SeedError(
                        f"{show(path)}, line {number + index}: {str(exc)!r} is not a PMID; "
                        "write one number a line, # for comments."
                    ) from exc
        yield pa.concat_arrays([pc.cast(entries.filter(is_plain), pa.int64()), pa.array(others, pa.int64())])


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a text file in UTF-8 in portions, each with the number of its first line.

    Raises:
        SeedError: Not UTF-8, or unreadable.
    """
    number = 1
    with opened(path) as stream:
        while block := stream.read(PORTION_BYTES):
            lines = decode(block + stream.readline(), path, number).splitlines()
            yield number, lines
            number += len(lines)


def read_query(path: Path) -> str:
    """The search of a file, which can be a strategy of numbered lines (transforms/strategy.py).

    Raises:
        SeedError: The file holds no search, or a line of it refers to a missing one.
    """
    try:
        term = read_strategy(read_text(path))
    except SearchError as exc:
        raise SeedError(f"{show(path)}, {exc}") from exc
    if not term:
        raise SeedError(f"{show(path)}, line 1: there is no search in it; write one PubMed search, or remove the file.")
    return term


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without a mark at its beginning.

    Raises:
        SeedError: Not UTF-8, or unreadable.
    """
    return decode(read_file(path), path)


def decode(block: bytes, path: Path, first_line: int = 1) -> str:
    """A part of a text file in UTF-8, without the mark that can be at the beginning.

    Raises:
        SeedError: Not UTF-8; names the line.
    """
    try:
        return block.decode("utf-8-sig" if first_line == 1 else "utf-8")
    except UnicodeDecodeError as exc:
        line = first_line + exc.object[: exc.start].count(b"\n")
        raise SeedError(f"{show(path)}, line {line}: it is not UTF-8; save it as UTF-8.") from exc


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        SeedError: It cannot be read, or is a pipe or a device.
    """
    with opened(path) as stream:
        return stream.read()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file, to be read.

    Raises:
        SeedError: It cannot be read, or is a pipe or a device.
    """
    try:
        with open_file(path) as stream:
            yield stream
    except OSError as exc:
        raise SeedError(f"{show(path)} cannot be read: {exc.strerror}; fix or remove it.") from exc
