"""Whether a file seems to withdraw something, looked up without reading its records."""

import gzip
from pathlib import Path

import pytest

from flows.nlm_files.files import BLOCK_BYTES
from flows.runs.file_ledger import has_deletion
from warehouse.errors import DocumentError


def ask(path: Path, content: bytes) -> bool:
    """What is said of a file with this content."""
    path.write_bytes(content)
    with path.open("rb") as stream:
        return has_deletion(stream)


@pytest.mark.parametrize("before", range(BLOCK_BYTES - 8, BLOCK_BYTES + 2))
def test_a_deletion_is_seen_wherever_a_block_ends(tmp_path: Path, before: int) -> None:
    """The tag can begin in one block and end in the next; even after two blocks without one."""
    document = b"x" * before + b"<DeleteCitation>" + b"y" * BLOCK_BYTES
    assert ask(tmp_path / "a.xml", document) is True
    assert ask(tmp_path / "a.xml.gz", gzip.compress(document, 1))


@pytest.mark.parametrize("content", [b"", b"<a>" * 10, b"<Delete"[:-1], b"Delete", b"x" * (BLOCK_BYTES * 2 + 5)])
def test_a_file_without_a_deletion_has_none(tmp_path: Path, content: bytes) -> None:
    """Empty ones, and those of several blocks, too."""
    assert ask(tmp_path / "a.xml", content) is False


def test_the_end_of_one_block_and_the_beginning_of_a_later_one_are_no_deletion(tmp_path: Path) -> None:
    """Only neighbours are looked at together."""
    document = b"x" * (BLOCK_BYTES - 3) + b"<De" + b"y" * BLOCK_BYTES + b"lete" + b"z" * 9
    assert not ask(tmp_path / "a.xml", document)


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    """Reading it says the same."""
    with pytest.raises(DocumentError, match="ends before its gzip data do"):
        ask(tmp_path / "a.xml.gz", gzip.compress(b"<a/>" * 100)[:-12])
