"""The phrases that PubMed sets behind a citation."""

import pytest

from tests.transforms.test_seed_entry import parse
from transforms.seed_phrases import split_phrases


def test_a_phrase_without_full_stop_is_known_all_the_same() -> None:
    """The last full stop is easily lost."""
    assert split_phrases("Free PMC article Review") == ["Free PMC article", "Review"]
    assert split_phrases("Review of methods.") == ["Review of methods"]


def test_phrases_come_in_any_order_and_unknown_ones_are_kept() -> None:
    """Only NLM's publication types are types; some of them hold full stops."""
    entry = parse(
        "T.J Med. 2014 Mar 3. Online ahead of print. J Med. 2014. PMID: 1 Review. Free article. A new flag. German. "
        "Research Support, U.S. Gov't, P.H.S. Clinical Trial, Phase II. No abstract available."
    )
    assert entry.flags == ("Online ahead of print", "Free article", "A new flag", "German", "No abstract available")
    assert entry.publication_types == ("Review", "Research Support, U.S. Gov't, P.H.S.", "Clinical Trial, Phase II")


@pytest.mark.parametrize("phrase", ["eCollection 2015", "Print 2014 Dec 1", "[Epub ahead of print]"])
def test_other_phrases_behind_the_numbers_are_flags(phrase: str) -> None:
    """They say how it was published, and have no column of their own."""
    entry = parse(f"T.J Med. 2014;1:2. doi: 10.1/x. {phrase}. J Med. 2014. PMID: 1")
    assert (phrase,) == entry.flags
