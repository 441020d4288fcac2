"""LinkOut data: read from a `linkout.tsv` beside the records, written as ELink's ObjUrl elements.

Its first line names the columns: `pmid` and `url`, and any of COLUMNS; empty means that there is none.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from flows.nlm_files.files import opening
from transforms.values import to_pmid
from warehouse.errors import UsageError

LINKOUT_FILES = ("linkout.tsv",)
COLUMNS = (
    "url", "icon_url", "link_name", "subject_type", "category", "attribute", "provider_name", "provider_abbr",
    "provider_id", "provider_url",
)  # fmt: skip
# ObjUrl's elements in the order of the DTD, and those of its Provider.
RESOURCE_ELEMENTS = (
    ("Url", "url"), ("IconUrl", "icon_url"), ("LinkName", "link_name"), ("SubjectType", "subject_type"),
    ("Category", "category"), ("Attribute", "attribute"),
)  # fmt: skip
PROVIDER_ELEMENTS = (
    ("Name", "provider_name"), ("NameAbbr", "provider_abbr"), ("Id", "provider_id"), ("Url", "provider_url"),
)  # fmt: skip


def read_linkout(path: Path) -> Iterator[tuple[int, str]]:
    """PMIDs with the ObjUrl element of each of their resources, in the file's order.

    Raises:
        UsageError: The file names other columns, or a line has no PMID or no URL.
        DocumentError: It cannot be opened.
    """
    with opening(path) as stream, io.TextIOWrapper(stream, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if unknown := set(rows.fieldnames or ()) - {"pmid", *COLUMNS}:
            raise UsageError(f"{path}: no column is called {min(unknown)!r}; take pmid, {', '.join(COLUMNS)}.")
        for number, values in enumerate(rows, start=2):
            pmid = to_pmid(values.get("pmid") or "")
            if pmid is None or not values.get("url"):
                raise UsageError(f"{path}, line {number}: a PMID and a url have to be there.")
            yield pmid, obj_url({name: value or "" for name, value in values.items() if name})


def obj_url(values: dict[str, str]) -> str:
    """A resource as ELink writes it."""
    # The DTD wants all of these of a Provider, empty or not.
    provider = "".join(f"<{tag}>{escape(values.get(name, ''))}</{tag}>" for tag, name in PROVIDER_ELEMENTS)
    resource = "".join(f"<{tag}>{escape(values[name])}</{tag}>" for tag, name in RESOURCE_ELEMENTS if values.get(name))
    return f"<ObjUrl>{resource}<Provider>{provider}</Provider></ObjUrl>"
