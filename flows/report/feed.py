"""`feed.xml` beside the report: an Atom feed with an entry for each run that has something to tell."""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from flows.report.digest import read_digest
from flows.report.page import FILE_NAME as REPORT
from warehouse.store import DataDirectory

FILE_NAME = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
NAMESPACES: Any = {None: ATOM}
ENTRY = "urn:corpus:run:"

PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

# Enough entries for a reader that polls monthly.
MOST_ENTRIES = 60


def renew_feed(directory: DataDirectory, first_run_id: str) -> None:
    """Put an entry of the runs since the last entry at the top of the feed, if there is anything to tell.

    Entries that are there stay as they are, so that no reader shows one twice.

    Args:
        directory: The data directory.
        first_run_id: Where a feed begins that has no entry yet.
    Raises:
        StoreError: There is no published file.
        OSError: The feed cannot be written.
    """
    path = directory.root / FILE_NAME
    entries = read_entries(path)
    last = entries[0].findtext(f"{{{ATOM}}}id", "").removeprefix(ENTRY) if entries else None
    run_id, digest = read_digest(directory, last, first_run_id)
    if not digest.told and path.exists():
        return
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if digest.told:
        entries.insert(0, make_entry(run_id, now, digest.subject, digest.as_html()))
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=NAMESPACES)
    add(feed, "title", "The corpus")
    add(feed, "id", "urn:corpus:feed")
    add(feed, "updated", now)
    add(etree.SubElement(feed, f"{{{ATOM}}}author"), "name", "corpus")
    feed.extend(entries[:MOST_ENTRIES])
    unfinished = path.with_name(f".{FILE_NAME}.{os.getpid()}")
    try:
        unfinished.write_bytes(etree.tostring(feed, xml_declaration=True, encoding="UTF-8", pretty_print=True))
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def read_entries(path: Path) -> list[etree._Element]:
    """The entries of the feed as it is; none if there is no feed, or something else."""
    try:
        return etree.fromstring(path.read_bytes(), PARSER).findall(f"{{{ATOM}}}entry")
    except (OSError, etree.XMLSyntaxError):
        return []


def make_entry(run_id: str, updated: str, title: str, content: str) -> etree._Element:
    """An entry of a run."""
    entry = etree.Element(f"{{{ATOM}}}entry", nsmap=NAMESPACES)
    add(entry, "title", title)
    add(entry, "id", f"{ENTRY}{run_id}")
    add(entry, "updated", updated)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=REPORT)
    add(entry, "content", content).set("type", "html")
    return entry


def add(parent: etree._Element, name: str, text: str) -> etree._Element:
    """An element with a text, in which nothing is left that XML cannot hold."""
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = NOT_XML.sub(" ", text)
    return element
