"""Options that make no sense are refused before anything is done."""

import pytest
from pydantic import SecretStr

from flows.definition.settings import check_entrez, is_base_url, load_settings
from warehouse.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:8000/", True),
        ("https://mirror.example.org/entrez/eutils", True),
        ("ftp://example.org", False),
        ("http://", False),
        ("http://example.org:0/", False),
        ("http://example.org:99999/", False),
        ("http://example.org/a b", False),
        ("http://example.org/?x=1", False),
        ("http://example.org/#x", False),
        ("http://bücher.example/", False),
        ("http://[::1", False),
        (f"http://{'a' * 64}.org/", False),
        ("ncbi", False),
    ],
)
def test_an_address_is_one_that_requests_can_be_made_of(text: str, expected: bool) -> None:  # noqa: FBT001
    """Paths and parameters are appended to it."""
    assert is_base_url(text) is expected


def test_who_is_asked_is_ncbi_the_sample_or_an_address() -> None:
    """A misspelt word is not an address."""
    for entrez in ("ncbi", "sample", "http://127.0.0.1:8000/"):
        check_entrez(entrez)
    with pytest.raises(UsageError, match=r"^--entrez NCBI: write ncbi, sample, or the base URL"):
        check_entrez("NCBI")


def test_what_is_given_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None means not given; addresses are separated by spaces and not shown."""
    monkeypatch.setenv("CORPUS_BATCH_SIZE", "50")
    assert load_settings(batch_size=None).batch_size == 50
    assert load_settings(batch_size=7).batch_size == 7
    settings = load_settings(notify=SecretStr(" mailto://a  slack://b "))
    assert settings.addresses == ["mailto://a", "slack://b"]
    assert "mailto" not in repr(settings)
    assert load_settings().addresses == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"batch_size": 0}, "^batch_size: Input should be greater than or equal to 1.$"),
        ({"nightly_zone": "Mars/Base"}, "^nightly_zone: .*Mars/Base"),
        ({"entrez_rate": 11}, "^entrez_rate: "),
    ],
)
def test_a_value_that_makes_no_sense_is_named(given: dict[str, object], sentence: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=sentence):
        load_settings(**given)
