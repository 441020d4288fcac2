"""Paths in sentences."""

import os
from pathlib import Path


def show(path: Path | str) -> str:
    """A path as text that can be written anywhere; bytes of it that are not UTF-8 are shown as they are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
