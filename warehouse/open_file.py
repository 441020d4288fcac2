"""Files opened without blocking, and so that the file that is read is the one that was checked."""

import errno
import os
import stat
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path


def open_file(path: Path, folders: Sequence[Path] = ()) -> BufferedReader:
    """Open a regular file for reading; its kind is checked once it is open, not before.

    Args:
        path: The file; a link is followed.
        folders: Real paths of folders, one of which it has to be below; empty if it may be anywhere.
    Raises:
        OSError: It cannot be opened, lies elsewhere, or is a folder, a pipe or a device.
    """

    def opener(name: str, flags: int) -> int:
        # Without O_NONBLOCK, opening a pipe blocks until somebody writes to it.
        flags |= os.O_NONBLOCK | os.O_NOCTTY
        descriptor = open_below(Path(name), folders, flags) if folders else os.open(name, flags)
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return descriptor
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "it is a pipe or a device, and no file")

    return open(path, "rb", opener=opener)


def open_below(path: Path, folders: Sequence[Path], flags: int) -> int:
    """A descriptor of a file below one of the folders; links that appear in its path meanwhile are not followed.

    Raises:
        OSError: It is not below them, or cannot be opened.
    """
    real = Path(os.path.realpath(path))
    folder = next((folder for folder in folders if real.is_relative_to(folder)), None)
    if folder is None:
        raise OSError(errno.EACCES, "it leads out of the folders that are read from")
    *parents, name = real.relative_to(folder).parts or (".",)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in parents:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)
