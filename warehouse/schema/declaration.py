"""What a declaration of a table is made of: tables, columns, types, and the helpers that several subjects share.

A declaration names the table, says what one row is, gives its key and documents each column with its source. The Arrow
schemas, the DuckDB tables with their comments and the data dictionary are made from it. The other modules of this
package declare every table once, a module for each subject; `tables.py` lists them all.

Names are NLM's words in snake_case. An ending means one thing: `_ui` NLM identifier, `_id` other identifier, `_name`,
`_date`, `_at` UTC timestamp, `_order` position from 1 in document order, `_count`, `_s` seconds, `_bytes`; `is_` and
`has_` begin booleans.

`source` is the path of the XML below the record's own element (`PubmedArticle` or `PubmedBookArticle`), several
alternatives separated by ` | `; anything that is no path is a sentence. The reader of records is made from these paths
(transforms/record_paths.py): `rows` of a table are the elements that begin a row, `source` of a column is where its
value stands below or around that element. Lists and sections that are nested have the path of the outermost.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

INT8 = pa.int8()
INT16 = pa.int16()
INT32 = pa.int32()
INT64 = pa.int64()
TEXT = pa.string()
TEXTS = pa.list_(TEXT)
INT32S = pa.list_(INT32)
INT64S = pa.list_(INT64)
BYTES = pa.large_binary()
BOOL = pa.bool_()
DATE = pa.date32()
TIMESTAMP = pa.timestamp("us")  # UTC; without a zone, since DuckDB clients need a library of their own to read one

PATH = re.compile(r"[A-Z][A-Za-z]*(?:/@?[A-Za-z]+)*")
ABSENT = "The record has no such element."
NO_ATTRIBUTE = "The element has no such attribute."


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: snake_case, NLM's word.
        type: Arrow type.
        doc: Meaning, with the unit where there is one.
        source: Path in the XML, or how the value comes about.
        null: What null means; '' where null is not allowed.
        default: The value where the XML has none.
        counts: For a position: the paths of the elements that are counted.
        within: For a position: the path below which counting starts again; '' counts over the whole record.
        step: For a value that says where in the XML the row stands: which step of the row's path it is, from the end;
            where `source` has a path of the row as well, that counts.
    """

    name: str
    type: pa.DataType
    doc: str
    source: str = ""
    null: str = ""
    default: object = None
    counts: str = ""
    within: str = ""
    step: int = 0

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The alternatives of `source`, if it is a path in the XML."""
        alternatives = tuple(self.source.split(" | "))
        return alternatives if all(map(PATH.fullmatch, alternatives)) else ()


def column(
    name: str, type_: pa.DataType, doc: str, *, source: str = "", default: object = None, step: int = 0
) -> Column:
    """A column that is never null."""
    return Column(name, type_, doc, source, default=default, step=step)


def optional(
    name: str, type_: pa.DataType, doc: str, *, source: str = "", null: str = ABSENT, default: object = None
) -> Column:
    """A column that is null where the XML has no such element, or for the reason given."""
    return Column(name, type_, doc, source, null, default=default)


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: snake_case, singular.
        row: What one row is.
        key: Columns that identify a row in the DuckDB table.
        columns: In order; rows are tuples in this order.
        owner: The table whose rows say which run's rows are current, matched on `owner_key`; '' for a table that is its
            own owner (the latest run that has a key wins) or that only grows (`is_log`); DERIVED for one that no run
            has.
        owner_key: The columns shared with the owner's key; a later run replaces all rows that agree on them at once.
        is_log: Rows of every run stay.
        is_raw: Kept in Parquet only.
        is_ledger: What was delivered and when, which is no content of the corpus.
        rows: Paths of the elements that a record's rows begin with; RECORD for one row per record; '' if the rows are
            not read from a record's elements.
        extended_by: Paths, below those, of elements of which each after the first begins a further row with the same
            values but its own.
        nested: The column with the position of the row around this one, where elements of `rows` can hold each other.
        schema: Of the DuckDB file: main, which people ask, or PROGRAM, which views and searches stand on.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    owner: str = ""
    owner_key: tuple[str, ...] = ()
    is_log: bool = False
    is_raw: bool = False
    is_ledger: bool = False
    rows: str = ""
    extended_by: str = ""
    nested: str = ""
    schema: str = "main"

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema, not-null marked."""
        return pa.schema([pa.field(c.name, c.type, nullable=bool(c.null)) for c in self.columns])

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(c.name for c in self.columns)

    def to_arrow(self, rows: Sequence[Sequence[object]], constants: Mapping[str, pa.Scalar] | None = None) -> pa.Table:
        """An Arrow table of rows given as sequences in the order of the columns.

        Args:
            rows: The rows.
            constants: Columns that have one value in all rows; what the rows say of them is not looked at.
        Raises:
            ValueError: A row is too short or too long, or a required value is null.
            pyarrow.ArrowInvalid: A value does not fit its column's type.
        """
        if not rows:
            return self.arrow_schema.empty_table()
        values = list(zip(*rows, strict=True))
        if len(values) != len(self.columns):
            raise ValueError(f"{self.name}: rows of {len(values)} values for {len(self.columns)} columns")
        constants = constants or {}
        arrays = [
            pa.repeat(constants[c.name], len(rows)) if c.name in constants else pa.array(v, c.type)
            for v, c in zip(values, self.columns, strict=True)
        ]
        for array, c in zip(arrays, self.columns, strict=True):
            if array.null_count and not c.null:
                raise ValueError(f"{self.name}.{c.name}: null in row {array.is_null().index(True)}")
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema)


RECORD = "."

PMID = column("pmid", INT64, "PubMed identifier of the citation.", source="MedlineCitation/PMID | BookDocument/PMID")


def below(elements: str, path: str) -> str:
    """The path below each of the alternatives."""
    return " | ".join(f"{element}/{path}" for element in elements.split(" | "))


def either(*alternatives: str) -> str:
    """One of several paths."""
    return " | ".join(alternatives)


def of_citation(
    name: str, row: str, key: Iterable[str], *columns: Column, rows: str = "", extended_by: str = "", nested: str = ""
) -> Table:
    """A table of parts of a citation: a later run's citation replaces all of its rows."""
    return Table(
        name,
        row,
        ("pmid", *key),
        (PMID, *columns),
        owner="citation",
        owner_key=("pmid",),
        rows=rows,
        extended_by=extended_by,
        nested=nested,
    )


def order(name: str, of: str, *, counts: str = "", within: str = "", default: object = None) -> Column:
    """A position counted from 1 in document order."""
    doc = f"Position of {of}, from 1, in document order."
    return Column(name, INT32, doc, counts=counts, within=within, default=default)


RUN_ID = column("run_id", TEXT, "The run that wrote the row; sorts by time.")

# The schema of the tables that are there for the program alone.
PROGRAM = "program"

# Owner of the tables that are no part of a run: the build of the DuckDB file makes them from the others.
DERIVED = "derived"
