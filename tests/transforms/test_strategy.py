"""Numbered lines become one search, and what cannot be meant is named by its line."""

import pytest

from transforms.pubmed_query import LONGEST_TERM, parse_query
from transforms.strategy import read_strategy
from warehouse.errors import SearchError


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("ketamine[tiab]\nOR esketamine[tiab]\n", "ketamine[tiab] OR esketamine[tiab]"),
        ("# What for\nketamine\n\n#last one\n", "ketamine"),
        ("", ""),
        ("# only words\n", ""),
        ("#1 a[ti]\n#2 b[ti]\n   OR c[ti]\n#1 AND #2\n", "(a[ti]) AND (b[ti] OR c[ti])"),
        ("#1. a\n#2: b\n#3) #1 OR #2\n#4 #3 NOT c\n", "((a) OR (b)) NOT c"),
        ("#1 a\n#2 b\n#1 and #2 AND 2015/01/01:2026[dp]", "(a) and (b) AND 2015/01/01:2026[dp]"),
        ('#1 a\n#2 "part #1 of it"[ti] OR #1', '"part #1 of it"[ti] OR (a)'),
        ("#10 a\n#1 b\n(#10 OR #1) NOT c", "((a) OR (b)) NOT c"),
        ("#1 a\n#1", "(a)"),
    ],
)
def test_a_strategy_is_one_search(text: str, search: str) -> None:
    """The last line counts."""
    assert read_strategy(text) == search
    if search:
        parse_query(search)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#1 a\n#3 #2 OR #1", "line 2: there is no #2 before it."),
        ("#1 #1 OR a", "line 1: there is no #1 before it."),
        ("#1 a\n\n#1 b", "line 3: there is a #1 before it; give each line its own number."),
        ("#1 a\n#2.\n#1 AND #2", "line 2: #2 is empty; write a search, or remove the line."),
    ],
)
def test_what_cannot_be_meant_is_named(text: str, sentence: str) -> None:
    """By the line of the text."""
    with pytest.raises(SearchError) as caught:
        read_strategy(text)
    assert str(caught.value) == sentence


def test_references_to_references_are_bounded() -> None:
    """If each line doubled the one before, forty lines would fill the memory."""
    lines = ["#1 word"] + [f"#{n} #{n - 1} OR #{n - 1}" for n in range(2, 60)]
    with pytest.raises(SearchError, match=f"more than {LONGEST_TERM:,} characters"):
        read_strategy("\n".join(lines))
