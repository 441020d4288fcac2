"""Digests that grow and shrink with the rows, whatever their order."""

from hashlib import md5

import duckdb
import pytest

from warehouse.content import add, is_content, row_text, sums_of
from warehouse.schema.citation import CITATION
from warehouse.schema.deliveries import DELIVERY
from warehouse.schema.ledger import REQUEST


@pytest.mark.parametrize(
    ("digest", "sign", "sums", "expected"),
    [
        ("0:0", 1, [5, 7], "5:7"),
        ("5:7", -1, [5, 7], "0:0"),
        ("5:7", 1, [None, None], "5:7"),
        (f"{1 << 70}:1", 1, [1, 1], f"{(1 << 70) + 1}:2"),
        (None, 1, [5, 7], None),
    ],
)
def test_rows_are_added_to_a_digest_and_taken_out(
    digest: str | None, sign: int, sums: list[int | None], expected: str | None
) -> None:
    """Sums have no bound, and a table of accounts has no digest."""
    assert add(digest, sign, sums) == expected


def test_rows_that_differ_have_texts_that_differ() -> None:
    """Null is not the empty text, and a border between two columns is not one within a value."""
    rows = [("a", "b"), ("ab", ""), ("", "ab"), ("a", None), (None, "a"), ("a", ""), (None, None), ("a,b", "")]
    con = duckdb.connect()
    texts = [con.execute(f"SELECT {row_text(['$1', '$2'])}", row).fetchall()[0][0] for row in rows]
    assert len(set(texts)) == len(rows)


def test_sums_do_not_depend_on_the_order_of_rows() -> None:
    """Each half of the hashes is summed separately; rows that do not meet the condition are left out."""
    con = duckdb.connect()
    query = "SELECT {} FROM (SELECT md5_number(i::VARCHAR) AS d, i FROM range(10) t(i) ORDER BY {})"
    up = con.execute(query.format(sums_of("d", "true"), "i")).fetchall()
    down = con.execute(query.format(sums_of("d", "true"), "i DESC")).fetchall()
    part = con.execute(query.format(sums_of("d", "i <> 3"), "i")).fetchall()
    assert up == down
    # As RFC 1321 has it, the bytes of an MD5 begin with its lowest.
    digest = md5(b"3", usedforsecurity=False).digest()
    low, high = (int.from_bytes(digest[first : first + 8], "little") for first in (0, 8))
    assert [a - b for a, b in zip(up[0], part[0], strict=True)] == [high, low]


def test_accounts_are_no_content() -> None:
    """Two people with the same records have the same digest, whenever they asked for them."""
    assert [is_content(table) for table in (CITATION, REQUEST, DELIVERY)] == [True, False, False]
