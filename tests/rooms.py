"""The imports among the rooms of `flows/`, drawn from the code: `python -m tests.rooms`.

A room is a sub-package of `flows/`; `transforms/`, `warehouse/` and `warehouse/schema/` are drawn below them. An import
inside a function counts like any other.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).parents[1]
TOPS = ("flows", "transforms", "warehouse")

# For each part, the parts that it imports, with (importing module, imported module).
Drawing = dict[str, dict[str, set[tuple[str, str]]]]


def draw(project: Path = PROJECT) -> Drawing:
    """The imports among the rooms and parts of a project.

    Raises:
        SyntaxError: A module is not Python.
    """
    drawing: Drawing = {}
    for path in (path for top in TOPS for path in sorted((project / top).rglob("*.py"))):
        if not path.stat().st_size:
            continue
        module = ".".join(path.relative_to(project).with_suffix("").parts)
        imported = drawing.setdefault(part_of(project, module), {})
        for name in imported_modules(project, path):
            if part_of(project, name) != part_of(project, module):
                imported.setdefault(part_of(project, name), set()).add((module, name))
    return drawing


def imported_modules(project: Path, path: Path) -> Iterator[str]:
    """The modules of the project that a file imports."""
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            within = [*path.relative_to(project).parts[: -node.level]] if node.level else []
            module = ".".join([*within, *([node.module] if node.module else [])])
            # `from flows.runs import refresh` names a module, `from flows.runs.refresh import refresh` does not.
            is_package = project.joinpath(*module.split(".")).is_dir()
            names = [f"{module}.{alias.name}" for alias in node.names] if is_package else [module]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in TOPS)


def part_of(project: Path, module: str) -> str:
    """The part of a module: `flows.runs` of `flows.runs.plan`, `warehouse` of `warehouse.build`."""
    names = module.split(".")
    is_deeper = len(names) > 1 and project.joinpath(*names[:2]).is_dir()
    return ".".join(names[:2] if is_deeper else names[:1])


def rooms_of(drawing: Iterable[str]) -> list[str]:
    """The rooms among the parts."""
    return [part for part in drawing if part.startswith("flows.")]


def floors_of(drawing: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The parts by floor, from the ground up: each imports only what lies on lower ones.

    Raises:
        CycleError: Some parts import each other in a circle, which it names.
    """
    floors: dict[str, int] = {}
    for part in TopologicalSorter(drawing).static_order():
        floors[part] = 1 + max((floors[below] for below in drawing.get(part, ())), default=0)
    return [sorted(p for p, floor in floors.items() if floor == n) for n in range(1, 1 + max(floors.values()))]


def describe(drawing: Drawing) -> str:
    """The drawing as an indented list, the highest floor first."""
    floors = floors_of(drawing)
    lines = []
    for number in range(len(floors), 0, -1):
        lines.append(f"floor {number}")
        for part in floors[number - 1]:
            lines.append(f"  {part}")
            lines += [f"    imports {below} ({len(pairs)})" for below, pairs in sorted(drawing.get(part, {}).items())]
    rooms = rooms_of(drawing)
    pairs = sum(len(rooms_of(drawing[room])) for room in rooms)
    return "\n".join([*lines, f"{len(rooms)} rooms, {pairs} imports among them, no circle"])


if __name__ == "__main__":
    print(describe(draw()))  # noqa: T201
