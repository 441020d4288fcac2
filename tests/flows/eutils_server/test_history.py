"""The history server: sets that are kept, and those that are forgotten."""

import pytest

from flows.eutils_server import history
from flows.eutils_server.history import History
from flows.eutils_server.protocol import Parameters, UtilityError


def ask(kept: tuple[str, int]) -> Parameters:
    """The parameters that name a set."""
    return Parameters([("WebEnv", kept[0]), ("query_key", str(kept[1]))])


def test_sets_of_a_webenv_are_counted_from_one() -> None:
    """A missing WebEnv gives a new one."""
    sets = History()
    web_env, key = sets.keep("", [3, 1])
    assert key == 1
    assert sets.keep(web_env, [2]) == (web_env, 2)
    assert sets.keep("MCID_gone", [2])[0] not in ("MCID_gone", web_env)
    found = sets.find(ask((web_env, 1)))
    assert found is not None
    assert found.tolist() == [3, 1]


@pytest.mark.parametrize(("name", "most"), [("KEPT", 2), ("KEPT_PMIDS", 25)])
def test_what_is_out_of_use_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    """Memory stays bounded; NCBI's words for it are those for a set that never was."""
    monkeypatch.setattr(history, name, most)
    sets = History()
    first, second = sets.keep("", range(10)), sets.keep("", range(10))
    sets.keep(first[0], [1])
    sets.keep("", range(10))
    assert sets.find(ask(first)) is not None
    with pytest.raises(UtilityError, match="Unable to obtain query #1"):
        sets.find(ask(second))
