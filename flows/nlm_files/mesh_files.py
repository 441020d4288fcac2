"""NLM's files of MeSH on its server: the newest year of each kind, downloaded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from flows.definition.progress import Progress
from warehouse.errors import PermanentError, TransientError
from warehouse.store import writing_file

# https://www.nlm.nih.gov/databases/download/mesh.html
NLM_MESH = "https://nlmpubs.nlm.nih.gov/projects/mesh/MESH_FILES/xmlmesh/"
NAME = re.compile(r'href="([^"?]*?((desc|qual|supp)((?:19|20)\d\d)\.(?:xml\.gz|gz|xml)))"', re.IGNORECASE)
TIMEOUT_S = 60.0


def find_newest(url: str) -> list[str]:
    """The addresses of the newest descriptor, qualifier and supplementary files that a page links to.

    Raises:
        TransientError: The page cannot be had now.
        PermanentError: It links to none.
    """
    with asking(url), httpx.Client(timeout=TIMEOUT_S, follow_redirects=True) as client:
        page = client.get(url)
        page.raise_for_status()
    newest: dict[str, tuple[int, int, str]] = {}
    for link, name, kind, year in NAME.findall(page.text):
        # Of one file in two forms, the packed one.
        found = (int(year), len(name), urljoin(str(page.url), link))
        newest[kind.lower()] = max(found, newest.get(kind.lower(), found))
    if not newest:
        raise PermanentError(f"{url} links to no file of MeSH such as desc2026.xml; give the folder's address.")
    return [address for _, _, address in newest.values()]


def download(url: str, folder: Path, progress: Progress) -> Path:
    """A file on a server, copied into a folder.

    Raises:
        TransientError: It cannot be had now, or is cut off.
        StoreError: It cannot be written.
    """
    name = url.rsplit("/", 1)[-1]
    target = folder / name
    with writing_file(target):
        folder.mkdir(parents=True, exist_ok=True)
        with (
            asking(url),
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=True) as client,
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as reply,
            target.open("wb") as stream,
        ):
            reply.raise_for_status()
            total = int(reply.headers.get("Content-Length", 0))
            for block in reply.iter_raw(1 << 20):
                stream.write(block)
                progress(f"download {name}", reply.num_bytes_downloaded, max(total, reply.num_bytes_downloaded + 1))
            progress(f"download {name}", reply.num_bytes_downloaded, reply.num_bytes_downloaded)
    return target


@contextmanager
def asking(url: str) -> Iterator[None]:
    """Ask a server.

    Raises:
        TransientError: It does not answer, or not well.
    """
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise TransientError(f"{url} cannot be had: {reason}; run it again later, or give files.") from exc
