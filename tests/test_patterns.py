"""Regular expressions mean the same to every Python that is promised."""

import re

from tests.conftest import REPOSITORY

# Before Python 3.11.5, the possessive quantifier of a group and an atomic group leave a match where it should not end.
WRONG_BEFORE_3_11_5 = re.compile(r"\)(?:[*+?]|\{[\d,]+\})\+|\(\?>")


def test_no_group_is_possessive_or_atomic() -> None:
    """Of single characters both are right everywhere."""
    assert WRONG_BEFORE_3_11_5.search(r"(?:a|b)*+")
    files = [path for folder in ("flows", "transforms", "warehouse") for path in (REPOSITORY / folder).rglob("*.py")]
    found = {
        f"{path.name}, line {number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if WRONG_BEFORE_3_11_5.search(line)
    }
    assert len(files) > 100
    assert found == set()
