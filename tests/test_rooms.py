"""How the rooms of `flows/` lie above each other."""

import re
from graphlib import CycleError
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.rooms import describe, draw, floors_of, rooms_of


def write(project: Path, sources: dict[str, str]) -> None:
    """Write modules by their path."""
    for name, source in sources.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def test_no_rooms_import_each_other_in_a_circle() -> None:
    """A room can be understood with only what lies below it."""
    assert floors_of(draw())[-1] == ["flows.command"]


def test_there_are_few_rooms_and_no_module_outside_them() -> None:
    """At most twelve."""
    drawing = draw()
    assert len(rooms_of(drawing)) <= 12
    assert [path.name for path in (REPOSITORY / "flows").glob("*.py")] == ["__init__.py"]


def test_transforms_and_the_warehouse_lie_below_all_rooms() -> None:
    """The schema below both."""
    drawing = draw()
    assert set(drawing["transforms"]) == {"warehouse", "warehouse.schema"}
    assert set(drawing["warehouse"]) == {"warehouse.schema"}
    assert drawing["warehouse.schema"] == {}


def test_every_room_is_explained_above_those_that_it_imports() -> None:
    """The table in the README of flows has a line for each, and no other."""
    readme = (REPOSITORY / "flows" / "README.md").read_text(encoding="utf-8")
    explained = [f"flows.{room}" for room in re.findall(r"^\| `(\w+)/` \|", readme, re.MULTILINE)]
    drawing = draw()
    assert sorted(explained) == sorted(rooms_of(drawing))
    for number, room in enumerate(explained):
        assert set(rooms_of(drawing[room])) <= set(explained[number + 1 :]), room


def test_every_module_that_is_explained_is_there() -> None:
    """In the room whose line names it."""
    readme = (REPOSITORY / "flows" / "README.md").read_text(encoding="utf-8")
    named = [
        Path(room, module)
        for room, line in re.findall(r"^\| `(\w+)/` \|(.*)$", readme, re.MULTILINE)
        for module in re.findall(r"`(\w+\.py)`", line)
    ]
    assert named
    assert [path for path in named if not (REPOSITORY / "flows" / path).is_file()] == []


def test_a_circle_is_named(tmp_path: Path) -> None:
    """One half is inside a function, the other in a package."""
    write(tmp_path, {"flows/a/x.py": "def f():\n    import flows.b.y\n", "flows/b/y.py": "from flows.a import x\n"})
    with pytest.raises(CycleError, match=r"flows\.a.*flows\.b|flows\.b.*flows\.a"):
        floors_of(draw(tmp_path))


def test_modules_are_counted_and_not_names(tmp_path: Path) -> None:
    """Two names of a module are one import, two modules of a package are two; what is not ours does not count."""
    write(
        tmp_path,
        {
            "flows/a/x.py": "import ast\nfrom flows.b.y import f, g\nfrom flows.b import y, z\nfrom . import x2\n",
            "flows/a/x2.py": "",
            "flows/b/y.py": "from warehouse.store import read\n",
            "flows/b/z.py": "",
            "warehouse/store.py": "",
        },
    )
    assert describe(draw(tmp_path)).splitlines() == [
        "floor 3",
        "  flows.a",
        "    imports flows.b (2)",
        "floor 2",
        "  flows.b",
        "    imports warehouse (1)",
        "floor 1",
        "  warehouse",
        "2 rooms, 1 imports among them, no circle",
    ]
