"""What a sync says about its plan, and which files it takes for replaced."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from flows.nlm_files.file_client import FileClient
from flows.nlm_files.listing import ListedFile
from flows.runs.sync_plan import CHANGED_WITHIN, SyncPlan, describe_sync, is_replaced, megabytes, size_of

READ_AT = datetime(2026, 1, 10)  # noqa: DTZ001 - as the ledger has it


def listed(number: int = 1, *, changed_at: datetime | None = None, has_md5: bool = True, size: int = 0) -> ListedFile:
    """A file of the baseline."""
    name = f"pubmed26n{number:04}.xml.gz"
    return ListedFile(f"http://x/{name}", "baseline", name, 26, number, size, changed_at, has_md5)


@pytest.mark.parametrize(
    ("sums", "file", "expected"),
    [
        (["new", "new"], listed(changed_at=READ_AT), True),
        (["new", "old"], listed(changed_at=READ_AT), False),
        (["old"], listed(changed_at=READ_AT), False),
        (["new", "new"], listed(), True),
        ([], listed(changed_at=READ_AT - CHANGED_WITHIN - timedelta(minutes=1)), False),
        ([], listed(changed_at=READ_AT, has_md5=False), False),
    ],
)
def test_a_file_is_another_one_if_its_sum_is_twice_unknown(
    monkeypatch: pytest.MonkeyPatch, sums: list[str], file: ListedFile, *, expected: bool
) -> None:
    """A sum is asked for only if the file was changed about when it was read, or later; half a sum does not count."""
    asked = iter(sums)
    monkeypatch.setattr("flows.runs.sync_plan.read_md5", lambda _client, _file: next(asked))
    assert is_replaced(cast("FileClient", None), file, (READ_AT, {"old", "older"})) is expected
    assert list(asked) == []


def test_what_is_on_disk_is_the_file_or_its_part(tmp_path: Path) -> None:
    """An interrupted download goes on."""
    (tmp_path / "baseline").mkdir()
    assert size_of(tmp_path, listed()) == 0
    (tmp_path / "baseline" / f"{listed().name}.part").write_bytes(b"12345")
    assert size_of(tmp_path, listed()) == 5
    (tmp_path / "baseline" / listed().name).write_bytes(b"1234567")
    assert size_of(tmp_path, listed()) == 7


def test_a_plan_of_nothing_says_so_and_no_more() -> None:
    """No minutes, no disk."""
    assert describe_sync(SyncPlan("http://x/", (), 3, 3, {("baseline", 26): [1, 2, 3]})) == [
        ("from", "http://x/"),
        ("listed", "baseline/ 3 files of pubmed26"),
        ("files", "0 to read; 3 held already"),
    ]
    assert dict(describe_sync(SyncPlan("http://x/", (), 0, 0, {})))["listed"] == "no file of NLM's series"


def test_a_plan_says_what_it_takes() -> None:
    """Minutes by step, at least one in all; files that wait for their sum, and those that NLM replaced."""
    files = (listed(1), listed(2))
    plan = SyncPlan(
        "http://x/", files, 0, 1, {("baseline", 26): [1, 2]}, ("pubmed26n0003.xml.gz",), (listed(1).name,),
        2_500_000_000, 9_000_000, 5_000_000_000, {"download": 5.0, "read": 6.0},
    )  # fmt: skip
    facts = dict(describe_sync(plan))
    assert facts["files"] == "2 to read: pubmed26n0001 to pubmed26n0002; 0 held already"
    assert facts["replaced"].startswith("pubmed26n0001.xml.gz: replaced since")
    assert facts["waiting"] == "1 file without .md5 yet: pubmed26n0003.xml.gz"
    assert facts["bytes"].startswith("2.5 GB over ")
    assert facts["minutes"].startswith("about 1 (download 0, read 0; at ")
    assert facts["disk"] == "about 9.0 MB needed, 5.0 GB free"


def test_bytes_are_said_in_megabytes_until_there_are_a_thousand() -> None:
    """Then in gigabytes."""
    assert [megabytes(size) for size in (0, 999_900_000, 10**9, 10**12)] == [
        "0.0 MB",
        "999.9 MB",
        "1.0 GB",
        "1,000.0 GB",
    ]
