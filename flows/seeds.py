"""The seeds folder: what the corpus is."""

import logging
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.files import show
from flows.settings import Settings
from transforms.seed_text import SeedPage, parse_seed_document
from warehouse.drift import DriftLimits
from warehouse.errors import SeedError

logger = logging.getLogger("corpus")

# Days that a rule may name; times before the first year are none.
LONGEST_DAYS = 36_500

LinkKind = Literal["similar", "cited_by", "reference"]

DEFINITION_FILE = "corpus.toml"
ENDINGS = (".txt", ".pmids", ".query")


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
        definition: `corpus.toml`.
        pages: One for each `*.txt`.
        pmids: PMIDs by name of their `*.pmids` file.
        queries: The search by name of its `*.query` file.
    """

    definition: CorpusDefinition
    pages: tuple[SeedPage, ...]
    pmids: dict[str, tuple[int, ...]]
    queries: dict[str, str]


def read_seeds(folder: Path) -> Seeds:
    """Read the whole folder.

    Raises:
        SeedError: A file cannot be used, or there is no seed at all; names the file, the line and what to do.
    """
    pages = read_pages(folder)
    seeds = Seeds(
        definition=read_definition(folder / DEFINITION_FILE),
        pages=pages,
        pmids={show(path.name): read_pmids(path) for path in seed_files(folder, ".pmids")},
        queries={show(path.name): read_query(path) for path in seed_files(folder, ".query")},
    )
    if not (seeds.pages or seeds.pmids or seeds.queries):
        raise SeedError(f"{folder} holds no seed; put a *.txt, *.pmids or *.query file into it.")
    for path in sorted(folder.iterdir()):
        if not (
            path.name.startswith((".", "README")) or path.name == DEFINITION_FILE or path.suffix.lower() in ENDINGS
        ):
            logger.warning("%s is left out: seeds are *.txt, *.pmids and *.query files.", show(path))
    return seeds


def seed_files(folder: Path, ending: str) -> list[Path]:
    """The files of a folder with an ending, in capitals too; those hidden by editors and systems are no seeds.

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
    """The pages of a folder, by name of their file.

    Raises:
        SeedError: One of them is none, or cannot be read.
    """
    return tuple(
        parse_seed_document(read_file(path), seed_id=show(path.name).removesuffix(".txt"), file_name=show(path.name))
        for path in seed_files(folder, ".txt")
    )


def read_definition(path: Path) -> CorpusDefinition:
    """Read `corpus.toml`; the defaults where there is none.

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
        raise SeedError(f"{path}, {where}: {reason}; mend it there.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        keys = [str(key) for key in first["loc"] if isinstance(key, str)]
        line_number = line_of_entry(text, keys)
        raise SeedError(f"{path}, line {line_number}: {'.'.join(keys)}: {first['msg']}; mend or remove it.") from exc


def line_of_entry(text: str, keys: list[str]) -> int:
    """The line, from 1, on which a TOML entry (section, key) or at least its section stands."""
    section = found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\s*{re.escape(keys[0])}\s*\]", line):
            section = found = number
        elif re.match(rf"\s*{re.escape(keys[-1])}\s*=", line) and (section or len(keys) == 1):
            return number
    return found or 1


def read_pmids(path: Path) -> tuple[int, ...]:
    """PMIDs of a file with one a line; `#` begins a comment. Each comes once, in the file's order.

    Raises:
        SeedError: A line is not a PMID.
    """
    pmids: dict[int, None] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if entry:
            pmid = parse_pmid(entry)
            if pmid is None:
                raise SeedError(
                    f"{show(path)}, line {number}: {entry!r} is not a PMID; write one number a line, # for comments."
                )
            pmids[pmid] = None
    return tuple(pmids)


def parse_pmid(text: str) -> int | None:
    """The PMID that a text is: up to nine digits, more than 0; None if it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0 else None


def read_query(path: Path) -> str:
    """The search of a file: its lines that are no comment, joined.

    Raises:
        SeedError: There is none.
    """
    lines = [line.strip() for line in read_text(path).splitlines() if not line.lstrip().startswith("#")]
    term = " ".join(line for line in lines if line)
    if not term:
        raise SeedError(f"{show(path)}, line 1: there is no search in it; write one PubMed search, or remove the file.")
    return term


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without a mark at its beginning.

    Raises:
        SeedError: Not UTF-8, or unreadable.
    """
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise SeedError(f"{show(path)}, line {line}: it is not UTF-8; save it as UTF-8.") from exc


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        SeedError: It cannot be read, or is a pipe, which would never end.
    """
    try:
        if path.is_fifo():
            raise SeedError(f"{show(path)} is a pipe and no file; remove it.")
        return path.read_bytes()
    except OSError as exc:
        raise SeedError(f"{show(path)} cannot be read: {exc.strerror}; mend or remove it.") from exc
