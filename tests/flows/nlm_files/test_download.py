"""A file that is whole on disk is not downloaded again because a server gives a wrong sum."""

from typing import cast

import pytest

from flows.nlm_files import download
from flows.nlm_files.download import is_sum
from flows.nlm_files.file_client import FileClient
from flows.nlm_files.listing import ListedFile

FILE = cast("ListedFile", None)


@pytest.mark.parametrize(
    ("said", "later"),
    [("a", []), ("b", ["a"]), ("b", ["b", "a"]), ("b", ["b", "b"]), ("b", ["c", "d"])],
)
def test_a_sum_is_asked_for_twice_more(monkeypatch: pytest.MonkeyPatch, said: str, later: list[str]) -> None:
    answers = iter(later)
    monkeypatch.setattr(download, "read_md5", lambda _client, _file: next(answers))
    assert is_sum(cast("FileClient", None), FILE, "a", said) is ("a" in (said, *later))
    assert list(answers) == []
