"""The authentication string of `corpus serve`'s own Prefect server."""

import os
import secrets
from pathlib import Path

from warehouse.errors import StoreError

FILE_NAME = "auth-string"


def make_private(home: Path) -> None:
    """Make the folder of Prefect's server, and what an earlier version left in it, its owner's alone.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        for path in (*home.glob("prefect.db*"), *home.glob("server.*")):
            path.chmod(0o600)
    except OSError as exc:
        raise StoreError(f"Cannot write to {home}: {exc.strerror}; choose another folder with --data-dir.") from exc


def read_login(home: Path) -> str:
    """The authentication string that is kept with the server's data; it is made on the first start.

    Raises:
        StoreError: It can neither be read nor written.
    """
    path = home / FILE_NAME
    try:
        if path.exists():
            path.chmod(0o600)
            if text := path.read_text(encoding="utf-8").strip():
                return text
        text = f"corpus:{secrets.token_urlsafe(24)}"
        # Write under another name first: a full disk must not leave half a password.
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.write(f"{text}\n")
        part.replace(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise StoreError(f"{path} cannot be read or written ({exc}); delete it, and a new one is made.") from exc
    return text
