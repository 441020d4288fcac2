"""Small corpora: records committed as a run, and what the published file answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.definition.settings import Settings
from tests.records import article_set
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import read_chunk
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.ledger import OUTCOMES, REQUEST, RUN
from warehouse.store import DataDirectory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def commit(directory: DataDirectory, *records: str, requested: int | None = None) -> Path:
    """Commit a run of new records.

    Args:
        directory: The data directory.
        records: As `tests.records.article` makes them.
        requested: PMIDs that the run says it asked for; None for those of the records.
    """
    writer = start_run(directory, NOON)
    (chunk,) = split_document([article_set(*records)], name="test")
    parsed = make_tables(read_chunk(chunk, name="test").records, Provenance(writer.run_id, "file", "test", NOON, "0"))
    writer.write(parsed.tables)
    pmids = parsed.tables["citation"]["pmid"].to_pylist()
    counts = {"new": len(pmids)}
    run = (writer.run_id, "ingest", NOON, NOON, "test", None, len(pmids) if requested is None else requested)
    rest = (*(counts.get(outcome, 0) for outcome in OUTCOMES), True, 0, "0", None)
    writer.write({"run": RUN.to_arrow([run + rest])})
    writer.write({"request": REQUEST.to_arrow([(writer.run_id, pmid, "file", "new", None) for pmid in pmids])})
    return commit_run(writer)


def select(of: DataDirectory | Settings, sql: str) -> list[tuple[Any, ...]]:
    """What the published file of a data directory answers, as to any DuckDB client."""
    directory = of.directory if isinstance(of, Settings) else of
    with duckdb.connect(directory.database, read_only=True) as con:
        return con.execute(sql).fetchall()
