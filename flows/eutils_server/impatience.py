"""Stalled connections are closed, so that many of them do not hold memory and descriptors for long."""

import asyncio
from typing import Any

import uvicorn

# Seconds until a request that has not arrived, or a reply that was not taken, is given up; also the check interval.
STALLED_S = 30.0

# Connections at a time; further ones are answered with 503.
MOST_CONNECTIONS = 2048


def make_impatient(config: uvicorn.Config) -> None:
    """Let a server close stalled connections; uvicorn's own limit covers idle ones between requests only."""
    config.load()
    base: Any = config.http_protocol_class

    class Impatient(base):  # type: ignore[misc]
        """uvicorn's protocol with a periodic check of each connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            """Start checking."""
            super().connection_made(transport)
            self.seen: tuple[Any, int] = (None, 0)
            self.look = self.loop.call_later(STALLED_S, self.end_if_stalled)

        def connection_lost(self, exc: Exception | None) -> None:
            """Stop checking."""
            self.look.cancel()
            super().connection_lost(exc)

        def end_if_stalled(self) -> None:
            """Close the connection if it has not moved since the last check and waits for the client."""
            waiting_bytes = self.transport.get_write_buffer_size()
            is_idle = self.cycle is None or self.cycle.response_complete
            if self.seen == (self.cycle, waiting_bytes) and (is_idle or waiting_bytes):
                self.transport.abort()
                return
            self.seen = (self.cycle, waiting_bytes)
            self.look = self.loop.call_later(STALLED_S, self.end_if_stalled)

    config.http_protocol_class = Impatient
