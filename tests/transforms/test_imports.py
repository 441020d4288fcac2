"""Imports run one way: flows to transforms, flows and transforms to warehouse, of which transforms sees a part."""

import ast
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PURE = {
    "bisect", "codecs", "collections", "collections.abc", "contextlib", "csv", "dataclasses", "datetime", "difflib",
    "functools", "hashlib", "html", "io", "itertools", "json", "math", "re", "typing", "unicodedata", "urllib.parse",
}  # fmt: skip
# What reads the files that reference managers save.
READERS = {"Bio", "bibtexparser", "rispy"}
OURS = {"transforms", "warehouse.compiled_choice", "warehouse.errors", "warehouse.schema"}
ALLOWED = PURE | READERS | OURS | {"lxml", "numpy", "pyarrow"}


def imported(path: Path) -> set[str]:
    """The modules that a file imports; ours and the library's in full, others by their first name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "warehouse":
                names.update(f"warehouse.{alias.name}" for alias in node.names)
            else:
                names.add(node.module or "")
    return names


def is_allowed(name: str) -> bool:
    """Whether transforms may import a module: one that is listed, or one inside it."""
    return any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED)


@pytest.mark.parametrize("path", sorted((REPOSITORY / "transforms").glob("*.py")), ids=lambda path: path.name)
def test_transforms_touch_nothing_but_bytes_and_tables(path: Path) -> None:
    """No network, file, clock, environment, Prefect or DuckDB."""
    assert {name for name in imported(path) if not is_allowed(name)} == set()
    assert "open(" not in path.read_text(encoding="utf-8")
    assert ".now(" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "warehouse").glob("**/*.py")), ids=lambda path: path.name)
def test_the_warehouse_knows_neither_flows_nor_transforms(path: Path) -> None:
    """Nor Prefect."""
    assert {n.partition(".")[0] for n in imported(path)} & {"flows", "transforms", "prefect", "Bio"} == set()


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("[ftw]*/**/__init__.py")), ids=str)
def test_packages_are_empty(path: Path) -> None:
    """Importing a leaf never pulls in Prefect or DuckDB."""
    assert path.read_text(encoding="utf-8") == ""
