"""Run every example in the comments of a published file's views and macros: `python -m tests.ask_examples DATABASE`.

Run with another DuckDB version than the one that wrote the file, it shows whether that version can read it.
"""

import sys
from pathlib import Path

import duckdb

COMMENTS = """
SELECT view_name AS name, comment FROM duckdb_views() WHERE NOT internal
UNION
SELECT function_name, comment FROM duckdb_functions() WHERE NOT internal
ORDER BY name
"""


def ask_examples(database: Path) -> int:
    """Run them all.

    Returns:
        How many there are.
    Raises:
        duckdb.Error: The file cannot be opened, or an example cannot be run.
    """
    with duckdb.connect(database, read_only=True) as con:
        examples = [comment.partition("Example: ")[2] for _, comment in con.execute(COMMENTS).fetchall()]
        for example in examples:
            con.execute(example).fetchall()
    return len(examples)


if __name__ == "__main__":
    print(f"DuckDB {duckdb.__version__} answers {ask_examples(Path(sys.argv[1]))} examples.")  # noqa: T201
