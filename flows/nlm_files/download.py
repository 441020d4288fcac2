"""Files of NLM's server, downloaded over a few connections: each whole and with the sum that NLM says, or not at all.

What was downloaded of a file that broke off is kept as `NAME.part`, with its ETag or Last-Modified beside it, and the
rest is asked for by Range; a file that was replaced meanwhile is started over.
"""

import logging
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path

import httpx

from flows.nlm_files.file_client import CONNECTIONS, FileClient, asking, check_status, insist, read_page
from flows.nlm_files.files import md5_of, opening
from flows.nlm_files.listing import ListedFile, parse_listing
from warehouse.errors import CorpusError, TransientError
from warehouse.lock import holding
from warehouse.store import sync, writing_file

logger = logging.getLogger("corpus")

# Downloads of a file that does not match its .md5.
DOWNLOADS = 3
# Requests for a .md5 that does not match its file.
SUM_ASKED_AGAIN = 2
BLOCK_BYTES = 1 << 18


def read_listing(client: FileClient, base_url: str, folder: str) -> list[ListedFile]:
    """The files that NLM lists in a folder, in its order.

    Raises:
        TransientError: It cannot be had now, or not whole.
        PermanentError: There is no such page, or it is not a listing.
    """
    url = f"{base_url.rstrip('/')}/{folder}/"
    return insist(client, lambda: parse_listing(read_page(client, url), url, folder))


def read_md5(client: FileClient, file: ListedFile) -> str:
    """The MD5, hex, that the `.md5` beside a file on the server says.

    Raises:
        EntrezError: It cannot be had, or says none.
    """
    url = f"{file.url}.md5"

    def read() -> str:
        found = re.search(r"\b[0-9a-f]{32}\b", read_page(client, url).lower())
        if found is None:
            raise TransientError(f"{url} says no MD5")
        return found[0]

    return insist(client, read)


@dataclass
class Downloads:
    """Files on their way over a few connections, in NLM's order.

    Attributes:
        client: Of the call.
        following: Files that were not asked for yet.
        folder: Where they are kept.
        ahead: How many may wait on disk for whoever reads them.
        pool: The connections.
        waiting: Files that were asked for, and not given back yet.
    """

    client: FileClient
    following: Iterator[ListedFile]
    folder: Path
    ahead: int
    pool: ThreadPoolExecutor
    waiting: deque[tuple[ListedFile, "Future[Path | CorpusError]"]] = field(default_factory=deque)

    def ask_ahead(self) -> None:
        """Ask for files until enough of them wait."""
        while len(self.waiting) < self.ahead and (file := next(self.following, None)) is not None:
            self.waiting.append((file, self.pool.submit(fetch_or_say_why, self.client, file, self.folder)))

    def wait_for(self, count: int) -> None:
        """Wait until the next files are on disk, or it is known why not.

        Args:
            count: How many of them; at most `ahead`.
        """
        self.ask_ahead()
        wait([future for _, future in islice(self.waiting, count)])

    def take(self, count: int) -> Iterator[tuple[ListedFile, Path | CorpusError]]:
        """The next files, each as it is there; meanwhile others are asked for."""
        for _ in range(count):
            self.ask_ahead()
            if not self.waiting:
                return
            file, future = self.waiting.popleft()
            yield file, future.result()


@contextmanager
def downloading(
    client: FileClient, files: Iterable[ListedFile], folder: Path, *, ahead: int, no_wait: bool = False
) -> Iterator[Downloads]:
    """Download files, as the one process that downloads into a folder.

    Args:
        client: Of the call.
        files: In NLM's order.
        folder: Where they are kept.
        ahead: How many may wait on disk for whoever reads them.
        no_wait: Do not wait for another process that downloads there.
    Raises:
        LockedError: Another process downloads there.
        StoreError: The folder cannot be made or written.
    """
    with (
        holding(folder / "sync.lock", purpose="sync", wait=not no_wait, option="--files"),
        ThreadPoolExecutor(CONNECTIONS, "download") as pool,
    ):
        try:
            yield Downloads(client, iter(files), folder, ahead, pool)
        finally:
            client.stopping.set()
            pool.shutdown(cancel_futures=True)


def fetch_or_say_why(client: FileClient, file: ListedFile, folder: Path) -> Path | CorpusError:
    """Download a file; an error of the server or of the disk is a result as well."""
    try:
        return fetch(client, file, folder)
    except CorpusError as exc:
        return exc


def fetch(client: FileClient, file: ListedFile, folder: Path) -> Path:
    """A file on disk with the sum that its `.md5` says, downloaded unless it is there; the sum is kept beside it.

    Raises:
        EntrezError: It cannot be had, or does not agree with its `.md5`.
        StoreError: The disk is full or not writable.
    """
    target = folder / file.folder / file.name
    part = target.with_name(f"{file.name}.part")
    with writing_file(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    md5 = read_md5(client, file)
    if target.exists():
        found = sum_of(target)
        if is_sum(client, file, found, md5):
            keep_md5(target, found)
            return target
    for _ in range(DOWNLOADS):
        download(client, file.url, part)
        found = sum_of(part)
        if is_sum(client, file, found, md5):
            keep_md5(target, found)
            with writing_file(target):
                sync(part)
                part.replace(target)
                validator_of(part).unlink(missing_ok=True)
            return target
        with writing_file(part):
            part.unlink()
    raise TransientError(f"{file.url} does not agree with its .md5; it was not read, and the next sync asks again.")


def is_sum(client: FileClient, file: ListedFile, found: str, said: str) -> bool:
    """Whether a file's sum is the server's; if not, the server is asked twice more, since its answer may be wrong.

    Raises:
        EntrezError: Its answer cannot be had.
    """
    return found == said or any(found == read_md5(client, file) for _ in range(SUM_ASKED_AGAIN))


def sum_of(path: Path) -> str:
    """MD5, hex, of a file's bytes."""
    with opening(path) as stream:
        return md5_of(stream)


def keep_md5(target: Path, md5: str) -> None:
    """Write the `.md5` beside a file as NLM does, before the file is there: whoever reads it then compares both."""
    with writing_file(target):
        target.with_name(f"{target.name}.md5").write_text(f"MD5({target.name})= {md5}\n", encoding="ascii")


def download(client: FileClient, url: str, part: Path) -> None:
    """Download what is missing of a file; each attempt goes on where the one before broke off.

    Raises:
        TransientError: Nothing comes any more.
        PermanentError: The server does not have it.
        StoreError: The disk is full or not writable.
    """
    insist(client, lambda: attempt(client, url, part), progress_of=lambda: size_of(part))


def attempt(client: FileClient, url: str, part: Path) -> None:
    """One attempt to download the rest of a file; it carries the file's Last-Modified afterwards."""
    done = size_of(part)
    headers = range_headers(part, done)
    with asking(url), client.http.stream("GET", url, headers=headers) as reply:
        if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and headers:
            # Either the whole of it is there, or it is shorter now than what is there.
            if reply.headers.get("Content-Range") == f"bytes */{done}":
                return
            forget(part)
            raise TransientError(f"{url} is another file than before")
        check_status(reply, url)
        is_rest = reply.status_code == httpx.codes.PARTIAL_CONTENT
        if is_rest and not reply.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            forget(part)
            raise TransientError(f"{url}: the server sent another part than was asked for")
        if not is_rest:
            forget(part)
            with writing_file(part):
                validator_of(part).write_text(strong_validator(reply), encoding="utf-8")
        with writing_file(part), part.open("ab" if is_rest else "wb") as stream:
            for block in reply.iter_raw(BLOCK_BYTES):
                if client.stopping.is_set():
                    raise TransientError("stopped")
                stream.write(block)
                client.on_bytes(len(block))
        changed = read_date(reply.headers.get("Last-Modified", ""))
    if changed is not None:
        with writing_file(part):
            os.utime(part, (changed.timestamp(), changed.timestamp()))


def range_headers(part: Path, done: int) -> dict[str, str]:
    """The headers that ask for the rest of a file, if it is still the same one; none if there is nothing of it."""
    with writing_file(part):
        validator = validator_of(part).read_text(encoding="utf-8") if validator_of(part).exists() else ""
    return {"Range": f"bytes={done}-", "If-Range": validator} if done and validator else {}


def strong_validator(reply: httpx.Response) -> str:
    """What tells the file from a later one: its ETag or, if that is weak, Last-Modified; '' if there is none."""
    etag = str(reply.headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(reply.headers.get("Last-Modified", ""))


def validator_of(part: Path) -> Path:
    """Where the validator of a part is kept."""
    return part.with_name(f"{part.name}.etag")


def forget(part: Path) -> None:
    """Start a file over."""
    with writing_file(part):
        part.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def read_date(value: str) -> datetime | None:
    """A date of a header, with its zone; None if it is none."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
