"""A small copy of NLM's file tree: numbered files of records and deletions, each with its `.md5`, and a server."""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article_set


def name_of(number: int, year: int = 26) -> str:
    """The name of a file of NLM's series."""
    return f"pubmed{year}n{number:04}.xml.gz"


def put(
    root: Path, folder: str, number: int, records: Iterable[str], *, gone: Iterable[int] = (), year: int = 26
) -> Path:
    """Write a file with its sum.

    Args:
        root: Of the tree.
        folder: baseline or updatefiles.
        number, year: Of its name.
        records: Elements of its document.
        gone: PMIDs that it withdraws.
    """
    deleted = "".join(f'<PMID Version="1">{pmid}</PMID>' for pmid in gone)
    document = article_set(*records, after=f"<DeleteCitation>{deleted}</DeleteCitation>" if deleted else "")
    path = root / folder / name_of(number, year)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(document, mtime=0))
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    path.with_name(f"{path.name}.md5").write_text(f"MD5({path.name})= {digest}\n")
    return path


@contextmanager
def serving_tree(root: Path, faults: str = "") -> Iterator[str]:
    """Serve a tree; gives its URL."""
    with running_server(RecordStore.from_paths([]), faults=faults, nlm_files=root) as base_url:
        yield base_url.replace("entrez/eutils/", "pubmed/")


def asked_of(url: str) -> dict[str, int]:
    """How often each file was asked for, without the sums."""
    said = httpx.get(f"{url.partition('/pubmed/')[0]}/corpus-server/statistics").json()["files"]
    return {Path(path).name: count for path, count in said.items() if not path.endswith(".md5")}
