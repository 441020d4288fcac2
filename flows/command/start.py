"""The start of the `corpus` command; it imports nothing large, so that Ctrl-C has its sentence from the start."""

import os
import re
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import NoReturn

# Control characters other than tab and line feed, and those that reverse the direction of text.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# A command in a sentence, as all of ours write it.
HINT = re.compile(
    r"(?:(?<=`)|(?<=Ask it: )|(?<=Use it: )|(?<=    or: )|(?<=Example: )|(?<=, or: )|(?<=; ))corpus (?=[a-z])"
)
STOPPED = "stopped; what was fetched is kept for the next run."
# A step that Ctrl-C interrupts has cleaned up by then. DuckDB may never return: it can wait for a thread that was not
# told to stop.
STOP_GRACE_S = 10.0


def main() -> NoReturn:
    """Import the command and run it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # A shell may have background jobs ignore it.
        signal.signal(signal.SIGINT, interrupt)
    spare_threads()
    try:
        open_missing()
        import fcntl  # noqa: F401, PLC0415 - before a command begins that needs it

        from flows.command.cli import main as run  # noqa: PLC0415 - takes a while, in which Ctrl-C may come
    except KeyboardInterrupt:
        stop()
    except ModuleNotFoundError as exc:
        if exc.name != "fcntl":
            raise
        # Windows has no such file locks, and cannot replace an open file.
        fail("this system lacks what the corpus is published with; on Windows, run it in WSL (`wsl --install`).", 1)
    run()


def spare_threads() -> None:
    """Keep numpy from starting threads for linear algebra, which nothing here does: at first they busy-wait."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def open_missing() -> None:
    """Open closed standard streams as the null device: otherwise the next file opened would get what is printed."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It gets the lowest free descriptor.
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def stop() -> NoReturn:
    """End after Ctrl-C; ignore further ones."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    fail(STOPPED, 130)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt, and force the end some seconds later: no step leaves half-written files."""
    end = threading.Timer(STOP_GRACE_S, end_at_once, (STOPPED, 130))
    end.daemon = True
    end.start()
    signal.default_int_handler(number, frame)


def without_controls(text: str) -> str:
    """A text with control characters replaced: data can hold any, and a terminal would obey them."""
    return OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)


def pasteable(text: str) -> str:
    """A text whose hints can be pasted: where uv runs this command, they begin with `uv run`."""
    return HINT.sub("uv run corpus ", text) if "UV_RUN_RECURSION_DEPTH" in os.environ else text


def fail(sentence: str, code: int) -> NoReturn:
    """End with a sentence on standard error and an exit code."""
    with suppress(OSError):
        print(f"corpus: {pasteable(without_controls(sentence))}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


def end_at_once(sentence: str, code: int) -> NoReturn:
    """End with a sentence and an exit code, whatever other threads do."""
    try:
        fail(sentence, code)
    except SystemExit:
        sys.stderr.flush()
        os._exit(code)


def close_output() -> OSError | None:
    """Abandon standard output if it cannot be written; returns the reason."""
    try:
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), b"\n")  # Unbuffered output has nothing to flush.
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exc
    return None
