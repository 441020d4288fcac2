"""Notifications of what runs brought, through Apprise: mail, Slack, Teams and others.

What each address was told last is kept in `told.json` of the data directory, so that nothing is told twice, and nothing
is left out if an address could not be reached: the next run tells it.
"""

import hashlib
import html
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.report.digest import Digest, read_digest
from warehouse.errors import UsageError
from warehouse.store import DataDirectory

FILE_NAME = "told.json"


def open_address(address: str) -> Any:
    """An address as Apprise has it; None if it is of no service that it knows."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - takes a while, and most have no address

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    return Apprise.instantiate(address, asset=AppriseAsset(app_id="corpus", app_desc="corpus", app_url=""))


def is_webhook(address: str) -> bool:
    """Whether an address is not a service's own, and gets the events as JSON by Prefect."""
    return address.lower().startswith(("http://", "https://")) and open_address(address) is None


def check_addresses(addresses: Sequence[str]) -> None:
    """Check that each address is a URL over HTTP or one of Apprise.

    Raises:
        UsageError: One is not. It is not shown as a whole: it can have a password in it.
    """
    for address in addresses:
        if not is_webhook(address) and open_address(address) is None:
            raise UsageError(
                f"--notify {address.partition('://')[0]}: write a URL such as https://example.org/hook, or one of "
                "Apprise such as mailto://user:password@example.org, slack:// or msteams://."
            )


def tell(
    directory: DataDirectory,
    addresses: Sequence[str],
    *,
    first_run_id: str,
    troubles: Sequence[str] = (),
    alarms_only: bool = False,
) -> list[str]:
    """Send each address what it was not told yet; nothing if there is nothing.

    Args:
        directory: The data directory, with the published file.
        addresses: Those that are not webhooks get it.
        first_run_id: Where an address begins that was told nothing yet.
        troubles: Sentences about what the run could not do; told when they are others than last time.
        alarms_only: Leave out what is merely new.
    Returns:
        Sentences about addresses that could not be reached, without the addresses.
    Raises:
        StoreError: There is no published file.
        OSError: What was told cannot be noted.
    """
    path = directory.root / FILE_NAME
    noted = read_noted(path)
    failures = []
    for address in addresses:
        if is_webhook(address):
            continue
        key = hashlib.sha256(address.encode()).hexdigest()[:16]
        before = noted.get(key, {})
        run_id, digest = read_digest(directory, before.get("run_id"), first_run_id)
        digest = digest.alarms() if alarms_only else digest
        # Forget troubles that have ended, so that they are reported if they come back.
        fresh = [sentence for sentence in troubles if sentence not in before.get("troubles", ())]
        subject = ", ".join(filter(None, (digest.subject, "not all could be done" if fresh else "")))
        if subject and not send(address, f"corpus: {subject}", fresh, digest):
            failures.append(
                f"{address.partition('://')[0]}: what is new could not be sent; the next run sends it. See --notify."
            )
            continue
        noted[key] = {"run_id": run_id, "troubles": list(troubles)}
        write_noted(path, noted)
    return failures


def send(address: str, subject: str, troubles: Sequence[str], digest: Digest) -> bool:
    """Send a message, as HTML to mail and its like and as text to all others; whether it was taken."""
    from apprise import NotifyFormat  # noqa: PLC0415

    service = open_address(address)
    if service is None:
        return False
    if service.notify_format == NotifyFormat.HTML:
        body = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in troubles) + digest.as_html()
    else:
        body = "\n".join((*(f"! {sentence}" for sentence in troubles), digest.as_text())).strip()
    format_ = NotifyFormat.HTML if service.notify_format == NotifyFormat.HTML else NotifyFormat.TEXT
    return bool(service.notify(title=subject, body=body, body_format=format_))


def read_noted(path: Path) -> dict[str, dict[str, Any]]:
    """What each address was told, by a hash of the address; nothing if the file is not there, or damaged."""
    try:
        noted = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def write_noted(path: Path, noted: dict[str, dict[str, Any]]) -> None:
    """Note what was told, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(noted, indent=1), encoding="utf-8")
    unfinished.replace(path)
