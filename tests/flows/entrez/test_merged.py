"""A PMID is known to be merged if it was asked for alone, and another one came."""

from flows.entrez.merged import find_merged, find_mistaken


def test_another_pmid_than_the_one_asked_for_is_the_one_it_was_merged_into() -> None:
    """EFetch says nothing of it."""
    assert find_merged([99], [2]) == {99: 2}


def test_what_came_as_asked_or_not_at_all_is_not_merged() -> None:
    """An unknown PMID is left out."""
    assert find_merged([99], [99]) == find_merged([99], []) == {}


def test_in_a_reply_to_several_nobody_can_tell() -> None:
    """It may as well be the reply to another question."""
    assert find_merged([1, 99], [1, 2]) == find_merged([99], [2, 3]) == {}


def test_what_a_reply_leaves_out_is_doubtful_only_if_it_has_something_else() -> None:
    """Only then is it asked for again."""
    assert find_mistaken([1, 98, 99], [1, 2]) == [98, 99]
    assert find_mistaken([1, 98, 99], [1]) == []
