"""PMIDs that NCBI has merged into others: asked for the one, EFetch delivers the other without a word."""

from collections.abc import Collection, Sequence


def find_merged(asked: Sequence[int], delivered: Collection[int]) -> dict[int, int]:
    """The PMID that has taken the place of one that was asked for.

        asked    delivered
        99       2           99 has been merged into 2
        1 99     1 2         a reply to another question looks the same: 99 has to be asked for alone

    Args:
        asked: PMIDs of the request.
        delivered: PMIDs of the reply.
    Returns:
        What was delivered, by what was asked for; empty if nothing is merged, or nobody can tell.
    """
    if len(asked) == 1 == len(delivered) and asked[0] not in delivered:
        return {asked[0]: next(iter(delivered))}
    return {}


def find_mistaken(asked: Sequence[int], delivered: Collection[int]) -> list[int]:
    """PMIDs that were left out of a reply that holds others instead: each may be unknown, or merged."""
    if set(delivered) <= set(asked):
        return []
    return [pmid for pmid in asked if pmid not in delivered]
