"""The server as a process has it."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows.eutils_server.app import create_app
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import listen, serve
from warehouse.errors import UsageError


class StopError(Exception):
    """The server has said where it is."""


def test_it_can_be_reached_once_it_says_where_it_is(tmp_path: Path) -> None:
    """A script that waits for the line and then asks must not be refused."""

    def reach(base_url: str) -> None:
        host = urlsplit(base_url)
        socket.create_connection((host.hostname, host.port), timeout=5).close()
        raise StopError

    with pytest.raises(StopError):
        serve(create_app(RecordStore.from_paths([tmp_path])), host="127.0.0.1", port=0, on_ready=reach)


def test_a_port_that_is_taken_is_wrong_usage() -> None:
    """The error names the option that helps."""
    with listen("127.0.0.1", 0) as first, pytest.raises(UsageError, match="--port"):
        listen("127.0.0.1", first.getsockname()[1])
