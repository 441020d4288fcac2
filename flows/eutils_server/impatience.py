"""Connections that do not get on: ended, so that many of them cost neither memory nor descriptors for long."""

import asyncio
from typing import Any

import uvicorn

# A request that has not come, or a reply that nobody has taken, after so long never will be; checked as often.
STALLED_S = 30.0

# Connections at a time; those beyond are answered with 503.
MOST_CONNECTIONS = 2048


def make_impatient(config: uvicorn.Config) -> None:
    """Let a server end connections that stall; uvicorn's own limit is for those between two requests only."""
    config.load()
    base: Any = config.http_protocol_class

    class Impatient(base):  # type: ignore[misc]
        """uvicorn's protocol, with a look at each connection now and then."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            """Begin to look."""
            super().connection_made(transport)
            self.seen: tuple[Any, int] = (None, 0)
            self.look = self.loop.call_later(STALLED_S, self.end_if_stalled)

        def connection_lost(self, exc: Exception | None) -> None:
            """Look no more."""
            self.look.cancel()
            super().connection_lost(exc)

        def end_if_stalled(self) -> None:
            """End the connection if it stands where it stood, and it is for the other end to do something."""
            waiting_bytes = self.transport.get_write_buffer_size()
            is_idle = self.cycle is None or self.cycle.response_complete
            if self.seen == (self.cycle, waiting_bytes) and (is_idle or waiting_bytes):
                self.transport.abort()
                return
            self.seen = (self.cycle, waiting_bytes)
            self.look = self.loop.call_later(STALLED_S, self.end_if_stalled)

    config.http_protocol_class = Impatient
