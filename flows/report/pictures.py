"""The pictures of the report: Vega-Lite specifications of `pictures/`, drawn as SVG by vl-convert.

Colours are variables of the page's style sheet, so that one drawing serves light and dark. A picture is drawn for wide
and for narrow screens, since letters that are shrunk with it cannot be read.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from warehouse.errors import StoreError, UsageError

PICTURES = Path(__file__).parent / "pictures"

# Widths in pixels of the page's column, and of a screen of 400.
WIDTHS = {"wide": 880, "narrow": 344}

# Maximum width of a name beside a narrow picture, in pixels.
NARROW_LABELS = 104

# A screen's font can be wider than the one that the drawing is measured with.
PADDING = {"left": 20, "top": 5, "right": 8, "bottom": 5}

Rows = list[dict[str, Any]]


def can_draw() -> bool:
    """Whether what draws is installed."""
    try:
        import vl_convert  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError:
        return False
    return True


def require_drawing() -> None:
    """Check that what draws is installed.

    Raises:
        UsageError: It is not.
    """
    if not can_draw():
        raise UsageError(
            "The report's pictures need vl-convert; install it with `pip install vl-convert-python` (the extra "
            "corpus[report])."
        )


def has_picture(name: str) -> bool:
    """Whether there is a specification of this name."""
    return (PICTURES / f"{name}.json").exists()


def draw(name: str, rows: Rows) -> dict[str, str]:
    """A picture as SVG for each width, by its name; none if there are no rows.

    Args:
        name: Of the specification.
        rows: What it shows; times as text.
    Raises:
        StoreError: It cannot be drawn.
    """
    import vl_convert  # noqa: PLC0415 - an extra, which takes 80 MB of memory

    if not rows:
        return {}
    drawn = {}
    for width, pixels in WIDTHS.items():
        try:
            svg = vl_convert.vegalite_to_svg(specify(name, rows, pixels), vl_version="6.4")
        except ValueError as exc:
            raise StoreError(f"The picture of {name} cannot be drawn: {str(exc).splitlines()[0]}.") from exc
        # Names within a drawing count for the whole page.
        drawn[width] = re.sub(r"\b((?:clip|gradient)_?\d+)", rf"{name}-{width}-\1", svg)
    return drawn


def specify(name: str, rows: Rows, pixels: int) -> dict[str, Any]:
    """A specification with its data and its width."""
    spec: dict[str, Any] = json.loads((PICTURES / f"{name}.json").read_bytes())
    config = json.loads((PICTURES / "theme.json").read_bytes())
    if pixels < WIDTHS["wide"]:
        config["axis"]["labelLimit"] = NARROW_LABELS
        narrow(spec)
    sized = spec.get("spec", spec)
    sized["width"] = pixels - (90 if "facet" in spec else 0)
    fit = {} if "facet" in spec else {"autosize": {"type": "fit-x", "contains": "padding"}, "padding": PADDING}
    return {**spec, **fit, "data": {"values": json.loads(json.dumps(rows, default=str))}, "config": config}


def narrow(part: Any) -> None:
    """Leave the limits of labels, and the columns of legends, to the narrow width."""
    if isinstance(part, dict):
        part.pop("labelLimit", None)
        if "columns" in part:
            part["columns"] = 2
        for inner in part.values():
            narrow(inner)


@cache
def read_text(name: str) -> str:
    """A text file of this room."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
