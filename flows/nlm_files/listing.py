"""NLM's listings of its files: which there are, about how large, and when each was changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from flows.nlm_files.reading import place_in_series
from warehouse.errors import PermanentError, TransientError

FOLDERS = ("baseline", "updatefiles")

# A link and the columns behind it, with any tags between: Apache's listings as text or as a table, and nginx's.
BETWEEN = r"(?:<[^<>]*>|&nbsp;|\s)*"
ROW = re.compile(
    rf'href="(?:[^"]*/)?(?P<name>pubmed\d\dn\d{{4,6}}\.xml\.gz)(?P<sum>\.md5)?"[^>]*>[^<]*</a>{BETWEEN}'
    rf"(?:(?P<changed>\d{{4}}-\d\d-\d\d \d\d:\d\d|\d\d-[A-Z][a-z]{{2}}-\d{{4}} \d\d:\d\d){BETWEEN}"
    r"(?P<size>\d[\d.]*)(?P<unit>[KMG]?))?",
    re.IGNORECASE,
)
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class ListedFile:
    """A file of NLM's series, as a listing names it.

    Attributes:
        url: Its address.
        folder: baseline or updatefiles.
        name: pubmed26n1402.xml.gz.
        year, number: 26 and 1402 of that.
        rounded_bytes: Its size as the listing rounds it; 0 if it does not say.
        changed_at: When it was changed, in a time zone that the listing does not name; None if it does not say.
        has_md5: Its `.md5` is listed as well.
    """

    url: str
    folder: str
    name: str
    year: int
    number: int
    rounded_bytes: int
    changed_at: datetime | None
    has_md5: bool

    @property
    def place(self) -> tuple[int, int]:
        """Its place in NLM's order."""
        return self.year, self.number


def parse_listing(page: str, url: str, folder: str) -> list[ListedFile]:
    """The files that a listing names, in NLM's order.

    Args:
        page: HTML.
        url: Of the page.
        folder: baseline or updatefiles.
    Raises:
        TransientError: The page is not whole.
        PermanentError: It is not a listing.
    """
    if "</html>" not in page.lower():
        raise TransientError(f"The listing {url} is cut off")
    if "href=" not in page.lower():
        raise PermanentError(f"{url} is not a listing of files; give the address that `baseline/` is in with --from.")
    rows = list(ROW.finditer(page))
    sums = {row["name"] for row in rows if row["sum"]}
    found = {row["name"]: row for row in rows if not row["sum"]}
    return sorted(make_files(found, sums, url, folder), key=lambda file: file.place)


def make_files(found: dict[str, re.Match[str]], sums: set[str], url: str, folder: str) -> Iterator[ListedFile]:
    """The files of some rows."""
    for name, row in found.items():
        year, number = place_in_series(name)
        if year is None or number is None:
            continue
        size = round(float(row["size"].rstrip(".")) * UNITS[row["unit"].upper()]) if row["size"] else 0
        changed = read_time(row["changed"]) if row["changed"] else None
        yield ListedFile(urljoin(url, name), folder, name, year, number, size, changed, name in sums)


def read_time(text: str) -> datetime | None:
    """A time as Apache or nginx writes it; None for anything else."""
    for form in ("%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the listing names no zone
        except ValueError:
            continue
    return None
