"""NLM's listings of its files, as Apache and nginx write them."""

import pytest

from flows.nlm_files.listing import parse_listing, read_time
from tests.nlm_tree import name_of
from warehouse.errors import PermanentError, TransientError

URL = "https://example.org/pubmed/baseline/"
TABLE_ROW = (
    '<tr><td><a href="{0}">{0}</a></td><td align="right">2025-12-10 14:33  </td><td align="right"> 19M</td></tr>'
)


@pytest.mark.parametrize(
    ("row", "size"),
    [
        ('<a href="{0}">{0}</a>      2025-12-10 14:33   19M', 19 << 20),
        (TABLE_ROW, 19 << 20),
        ('<a href="/pubmed/baseline/{0}">{0}</a>   10-Dec-2025 14:33   19922944', 19_922_944),
        ('<A HREF="{0}">{0}</A> 2025-12-10 14:33 1.5k', 1536),
    ],
)
def test_listings_of_other_servers_are_read(row: str, size: int) -> None:
    """Apache's as text and as a table, nginx's; names that are not files of the series are skipped."""
    names = (name_of(2), f"{name_of(2)}.md5", name_of(1), "README.txt", "pubmed26n0001_stats.html")
    page = "<html><body>" + "\n".join(row.format(name) for name in names) + "</body></HTML>"
    found = parse_listing(page, URL, "baseline")
    assert [(f.number, f.rounded_bytes, f.has_md5) for f in found] == [(1, size, False), (2, size, True)]
    assert [f.place for f in found] == [(26, 1), (26, 2)]
    assert found[0].url == f"https://example.org/pubmed/baseline/{name_of(1)}"
    assert str(found[0].changed_at) == "2025-12-10 14:33:00"


def test_a_listing_need_not_say_sizes_and_times() -> None:
    """They are only estimates; the download is exact."""
    (file,) = parse_listing(f'<a href="{name_of(3)}">x</a></html>', URL, "updatefiles")
    assert (file.folder, file.number, file.rounded_bytes, file.changed_at) == ("updatefiles", 3, 0, None)


def test_half_a_listing_is_asked_for_again() -> None:
    """It would hide the newest files."""
    with pytest.raises(TransientError, match=f"^The listing {URL} is cut off$"):
        parse_listing(f'<html><a href="{name_of(1)}">x</a>', URL, "baseline")


def test_a_page_without_links_is_no_listing() -> None:
    """A folder without files has at least the link to the one above."""
    with pytest.raises(PermanentError, match="is not a listing of files; give the address that `baseline/` is in"):
        parse_listing("<html>Welcome</html>", URL, "baseline")
    assert parse_listing('<html><a href="../">up</a></html>', URL, "baseline") == []


@pytest.mark.parametrize("text", ["2025-02-30 10:00", "10-Foo-2025 14:33", ""])
def test_what_is_no_time_is_none(text: str) -> None:
    """No time is invented."""
    assert read_time(text) is None
