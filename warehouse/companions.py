"""Companion tables: files of `seeds/tables/` as tables of the published file, renewed at each publish.

A file that cannot be used is named with its line, and the table keeps the rows that it had. Every table begins with a
column `pmid`: the file's own or, where that is empty, the one PMID of the corpus that has the row's DOI. All other
columns stay as they are. A column of a CSV file is a number, a date, a time or a truth only if each of its values is
written as DuckDB would write it, so that no zero in front is lost; else it is text. 1/29/2024 is a date if some value
of the column tells which number is the day (as in Retraction Watch's list), so that no 1/2/2024 is guessed.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from warehouse.current import literal, quoted
from warehouse.errors import SeedError
from warehouse.open_file import open_file
from warehouse.published import own_published, reading
from warehouse.schema.companions import COMPANION
from warehouse.schema.tables import TABLES
from warehouse.search_index import ARROW_NAMES
from warehouse.sql_files import read_definitions
from warehouse.store import DataDirectory

Refuse = Callable[[str], object]

ENDINGS = (".csv", ".tsv", ".parquet")

# Headers, by letters and digits, of the column that has the PMID or the DOI; the last ones are Retraction Watch's.
PMID_HEADERS = ("pmid", "pubmedid", "pubmedpmid", "originalpaperpubmedid")
DOI_HEADERS = ("doi", "originalpaperdoi")

# A PMID as programs write it: after a label, or as a number with a point. 0 stands for none in Retraction Watch's list.
IS_PMID = r"^\s*(PMID:?\s*)?0*([0-9]{1,8})(\.0+)?\s*$"

# What a column of CSV can be: the value that it has then, and what holds of each of its texts.
SLASHED = "regexp_full_match({c}, '[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}( 0?0:00(:00)?)?')"
TYPES = {
    "CAST({c} AS BIGINT)": "try_cast({c} AS BIGINT)::VARCHAR = {c}",
    "CAST({c} AS DOUBLE)": "try_cast({c} AS DOUBLE)::VARCHAR = {c} OR "
    "regexp_full_match({c}, '-?(0|[1-9][0-9]{{0,14}})([.][0-9]{{1,15}})?([eE][-+]?[0-9]{{1,2}})?')",
    "CAST({c} AS DATE)": "try_cast({c} AS DATE)::VARCHAR = {c}",
    "CAST({c} AS TIMESTAMP)": "try_cast({c} AS TIMESTAMP)::VARCHAR = replace({c}, 'T', ' ')",
    "CAST({c} AS BOOLEAN)": "lower({c}) IN ('true', 'false')",
    **{
        f"strptime(split_part({{c}}, ' ', 1), '{form}')::DATE": f"{SLASHED} AND "
        f"try_strptime(split_part({{c}}, ' ', 1), '{form}') IS NOT NULL"
        for form in ("%m/%d/%Y", "%d/%m/%Y")
    },
}

# The longest line of a CSV file, which is held in memory.
LINE_BYTES = 16 << 20

# What DuckDB says of a line that it cannot read, and what that means.
CSV_TROUBLES = {
    "Expected Number of Columns": "it has more or fewer columns than the first line",
    "unicode": "it is not UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8` turns most such files into it)",
    "quote": "a quotation mark is not closed",
    "Maximum line size": f"it is longer than {LINE_BYTES >> 20} MiB",
}


def renew_companions(con: duckdb.DuckDBPyConnection, directory: DataDirectory, refuse: Refuse) -> None:
    """Bring the companion tables of a file that is to be published up to date with the files of the folder.

    Args:
        con: With the file in use.
        directory: The data directory, which names the folder. Where that, or the seeds folder around it, is not there,
            the tables stay.
        refuse: Told of each file that cannot be used, with its line and what to do.
    """
    carry_over(con, directory)
    folder = directory.companions
    if folder and folder.parent.is_dir():
        renew_all(con, folder, refuse)


def carry_over(con: duckdb.DuckDBPyConnection, directory: DataDirectory) -> None:
    """Take the tables of the published file over into one that was built afresh."""
    if con.execute(f"FROM {COMPANION.name} LIMIT 1").fetchall() or not own_published(directory):
        return
    with reading(directory):
        con.execute(f"ATTACH {literal(str(directory.database))} AS before (READ_ONLY)")
    try:
        held = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'before'").fetchall()
        rows = con.execute(f"FROM before.{COMPANION.name}").fetchall() if (COMPANION.name,) in held else []
        for row in rows:
            if not is_taken(row[0]):
                con.execute(f"CREATE TABLE {quoted(row[0])} AS FROM before.{quoted(row[0])}")
                note(con, row)
    finally:
        con.execute("DETACH before")


def note(con: duckdb.DuckDBPyConnection, row: tuple[object, ...]) -> None:
    """Note a table in `companion`, in the place of what was noted of it, and comment it."""
    name, file_name, sha256, *_ = row
    con.execute(f"DELETE FROM {COMPANION.name} WHERE table_name = $1", [name])
    con.execute(f"INSERT INTO {COMPANION.name} VALUES ({', '.join('?' * len(row))})", row)
    comment = f"Companion table of seeds/tables/{file_name}, SHA-256 {sha256}. See table {COMPANION.name}."
    con.execute(f"COMMENT ON TABLE {quoted(str(name))} IS {literal(comment)}")


def renew_all(con: duckdb.DuckDBPyConnection, folder: Path, refuse: Refuse) -> None:
    """Make the tables whose files are new or have changed, and drop those whose files are gone."""
    held = {row[0]: row for row in con.execute(f"FROM {COMPANION.name}").fetchall()}
    found: dict[str, Path] = {}
    for path in files_of(folder):
        name = name_table(path)
        try:
            if other := found.get(name):
                raise SeedError(f"{shown(path)}: {shown(other)} is table {name} already; rename one of them.")
            found[name] = path
            refuse_name(con, path, name)
            renew(con, path, name, held.get(name))
        except (SeedError, duckdb.Error, OSError) as exc:
            sentence = explain(exc, path)
            kept = f" Table {name} stays as it was." if name in held else ""
            refuse(f"{sentence}{kept}")
            con.execute(f"UPDATE {COMPANION.name} SET trouble = $1 WHERE table_name = $2", [sentence, name])
    for name in held.keys() - found.keys():
        con.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        con.execute(f"DELETE FROM {COMPANION.name} WHERE table_name = $1", [name])


def files_of(folder: Path) -> list[Path]:
    """What lies in the folder, but for what editors and systems hide there and for what is there to be read."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~", "README")))


def name_table(path: Path) -> str:
    """The name of a file's table: its own without the ending, in lower case, with `_` for whatever is no letter."""
    return re.sub(r"\W+", "_", path.stem).strip("_").lower()


def is_taken(name: str) -> bool:
    """Whether the corpus has a table, a view or a macro of this name, or uses it while it builds the file."""
    definitions = {file.name.removeprefix("create_") for file in read_definitions()}
    return name in TABLES.keys() | definitions | ARROW_NAMES


def refuse_name(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Check that there can be a table of this name.

    Raises:
        SeedError: There cannot.
    """
    if path.suffix.lower() not in ENDINGS:
        raise SeedError(f"{shown(path)} is left out: companion tables are {', '.join(ENDINGS)} files; save it as CSV.")
    reserved = con.execute(
        "SELECT 1 FROM duckdb_keywords() WHERE keyword_name = $1 AND keyword_category = 'reserved'", [name]
    )
    if is_taken(name) or reserved.fetchall() or not re.match(r"[^\W\d]", name):
        why = "the corpus has a" if is_taken(name) else "SQL cannot have a"
        raise SeedError(f"{shown(path)}: {why} table {name or 'without a name'}; rename the file.")


def renew(con: duckdb.DuckDBPyConnection, path: Path, name: str, held: tuple[object, ...] | None) -> None:
    """Make a table of a file, unless it is of the same file already and no PMID of it depends on the corpus.

    Raises:
        SeedError: A line cannot be used.
        duckdb.Error, OSError: The file cannot be read.
    """
    with open_file(path) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if held and held[1:3] == (path.name, sha256) and not (held[5] or held[6]):
        con.execute(f"UPDATE {COMPANION.name} SET trouble = NULL WHERE table_name = $1", [name])
        return
    con.execute("BEGIN")
    try:
        counts = make_table(con, path, name)
        note(con, (name, path.name, sha256, path.stat().st_size, *counts, None))
        con.execute("COMMIT")
    except (SeedError, duckdb.Error, OSError):
        con.execute("ROLLBACK")
        raise


def make_table(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[int, ...]:
    """Make a table of a file; its rows, those by DOI, those without a PMID, and the PMIDs that are not held.

    Raises:
        SeedError: A line cannot be used.
    """
    is_parquet = path.suffix.lower() == ".parquet"
    source = f"read_parquet({literal(str(path))})" if is_parquet else read_csv(path)
    con.execute(f"CREATE OR REPLACE TEMP TABLE read_file AS SELECT *, row_number() OVER () AS file_row FROM {source}")
    columns = [column for column, *_ in con.execute("DESCRIBE read_file").fetchall()][:-1]
    if not is_parquet:
        leave_out_empty(con, columns)
    pmid, doi = (find_column(columns, headers) for headers in (PMID_HEADERS, DOI_HEADERS))
    if pmid is None and doi is None:
        raise SeedError(f"{shown(path)}, line 1: there is no column pmid or doi; give it one.")
    text = f"nullif(trim({quoted(pmid)}::VARCHAR), '')" if pmid else "NULL::VARCHAR"
    bad = con.execute(
        f"""SELECT file_row, {text} FROM read_file WHERE NOT regexp_full_match({text}, $1, 'i')
        ORDER BY file_row LIMIT 1""",
        [IS_PMID],
    ).fetchall()
    if bad:
        ((row, value),) = bad
        where = f"row {row}" if is_parquet else f"line {line_of(path, row + 1, is_blank_skipped=len(columns) > 1)}"
        raise SeedError(f"{shown(path)}, {where}: {value[:40]!r} is not a PMID; fix it there.")
    own = f"nullif(regexp_extract({text}, {literal(IS_PMID)}, 2, 'i'), '')::BIGINT"
    others = [column for column in columns if column.lower() != "pmid"]
    if (pmid and pmid.lower() != "pmid" and "pmid" in map(str.lower, columns)) or len(set(columns)) < len(columns):
        raise SeedError(f"{shown(path)}, line 1: two columns of one name; rename one.")
    types = {} if is_parquet else types_of(con, others)
    values = ", ".join(
        f"{types[column].format(c=quoted(column))} AS {quoted(column)}" if column in types else quoted(column)
        for column in others
    )
    by_doi = f"normal_doi({quoted(doi)}::VARCHAR)" if doi else "NULL::VARCHAR"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE found AS SELECT file_row, coalesce(own, of_doi.pmid) AS found_pmid,
            own IS NULL AND of_doi.pmid IS NOT NULL AS is_by_doi
        FROM (SELECT file_row, nullif({own}, 0) AS own, {by_doi} AS doi FROM read_file)
        LEFT JOIN (SELECT normal_doi, min(pmid) AS pmid FROM citation_doi WHERE is_valid
            GROUP BY ALL HAVING count(DISTINCT pmid) = 1) of_doi ON own IS NULL AND doi = of_doi.normal_doi"""
    )
    rest = f", {values}" if values else ""
    con.execute(
        f"""CREATE OR REPLACE TABLE {quoted(name)} AS SELECT found_pmid AS pmid{rest}
        FROM read_file JOIN found USING (file_row) ORDER BY found_pmid, file_row"""
    )
    (counts,) = con.execute(
        """SELECT count(*), count(*) FILTER (is_by_doi), count(*) FILTER (found_pmid IS NULL),
        count(DISTINCT found_pmid) FILTER (found_pmid NOT IN (SELECT pmid FROM citation)) FROM found"""
    ).fetchall()
    return tuple(counts)


def leave_out_empty(con: duckdb.DuckDBPyConnection, columns: list[str]) -> None:
    """Leave out rows without any value, and columns without name and value, which spreadsheets put at the end."""
    con.execute(f"DELETE FROM read_file WHERE coalesce({', '.join(map(quoted, columns))}) IS NULL")
    for column in [column for column in columns if re.fullmatch(r"column_[0-9]+", column)]:
        if not con.execute(f"SELECT 1 FROM read_file WHERE {quoted(column)} IS NOT NULL LIMIT 1").fetchall():
            columns.remove(column)


def find_column(columns: list[str], headers: tuple[str, ...]) -> str | None:
    """The column that one of the headers names, the first of them that does."""
    plain = {re.sub(r"[\W_]", "", column).lower(): column for column in reversed(columns)}
    return next((plain[header] for header in headers if header in plain), None)


def read_csv(path: Path) -> str:
    """The SQL that reads a CSV file as text, every column under its header.

    Raises:
        SeedError: The headers cannot be used.
    """
    with open_file(path) as stream:
        line = stream.readline(LINE_BYTES)
    try:
        first = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as exc:
        raise SeedError(f"{shown(path)}, line 1: it is not UTF-8; save it as UTF-8.") from exc
    delimiter = delimiter_of(first)
    names = [header.strip() for header in next(csv.reader([first], delimiter=delimiter), [])]
    names = [name or f"column_{number}" for number, name in enumerate(names, 1)]
    folded = [name.lower() for name in names]
    if double := next((name for name in folded if folded.count(name) > 1), None):
        raise SeedError(f"{shown(path)}, line 1: two columns are called {double}; rename one.")
    if not names:
        raise SeedError(f"{shown(path)}, line 1: there is no column pmid or doi; give it one.")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, delim = {literal(delimiter)}, header = true, "
        f"auto_detect = false, quote = '\"', escape = '\"', max_line_size = {LINE_BYTES})"
    )


def delimiter_of(first: str) -> str:
    """What parts the columns of a CSV file, by its first line."""
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=bare.count)


def types_of(con: duckdb.DuckDBPyConnection, columns: list[str]) -> dict[str, str]:
    """What each column of `read_file` is that is not text, of `TYPES`: the first that each of its values is written as.

    A date that could be of both forms with slashes is of neither.
    """
    if not columns:
        return {}
    tests = [
        f"coalesce(bool_and(coalesce({test.format(c=quoted(column))}, false)) FILTER ({quoted(column)} IS NOT NULL), "
        "false)"
        for column in columns
        for test in TYPES.values()
    ]
    (answers,) = con.execute(f"SELECT {', '.join(tests)} FROM read_file").fetchall()
    by_column = (answers[start : start + len(TYPES)] for start in range(0, len(answers), len(TYPES)))
    chosen = ((column, fits) for column, fits in zip(columns, by_column, strict=True) if True in fits)
    return {column: list(TYPES)[fits.index(True)] for column, fits in chosen if fits[-2:] != (True, True)}


def line_of(path: Path, row: int, *, is_blank_skipped: bool = False) -> int:
    """The line, from 1, on which a row of a CSV file begins; the headers are row 1, and a value can have lines.

    Args:
        path: The file.
        row: The row as DuckDB counts it: with blank lines in an error, without them where it numbers what it has read.
        is_blank_skipped: Which of the two.
    """
    with open_file(path) as stream:
        first = stream.readline(LINE_BYTES).decode("utf-8", "replace")
        stream.seek(0)
        csv.field_size_limit(LINE_BYTES)
        rows = csv.reader(lines_of(stream), delimiter=delimiter_of(first))
        number, line = 0, 1
        try:
            for values in rows:
                number += bool(values) or not is_blank_skipped
                if number == row:
                    break
                line = rows.line_num + 1
        except csv.Error:
            pass
    return line


def lines_of(stream: Iterator[bytes]) -> Iterator[str]:
    """The lines of a file as text."""
    return (line.decode("utf-8", "replace") for line in stream)


def explain(exc: Exception, path: Path) -> str:
    """A sentence about why a file cannot be used."""
    if isinstance(exc, SeedError):
        return str(exc)
    if isinstance(exc, OSError):
        return f"{shown(path)} cannot be read: {exc.strerror}; fix or remove it."
    text = str(exc)
    row = re.search(r"CSV Error on Line: (\d+)", text)
    if not row:
        return f"{shown(path)} cannot be read: {text.splitlines()[0]}; save it again."
    what = next((says for sign, says in CSV_TROUBLES.items() if sign in text), "it cannot be read")
    return f"{shown(path)}, line {line_of(path, int(row[1]))}: {what}; fix it there."


def shown(path: Path) -> str:
    """A path in a sentence, without controls."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))
