"""What a reply says of the pace: limits, what is left of them, and when to come back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from flows.entrez.pacer import count_recent, pause

if TYPE_CHECKING:
    from flows.entrez.client import EntrezClient

# Pause after a refusal without Retry-After (NCBI usually sends none).
REFUSED_PAUSE_S = 1.0

# No server means a longer pause, and a later time may not fit into a date.
LONGEST_PAUSE_S = 365 * 86_400.0


def heed_limits(client: "EntrezClient", headers: Message) -> None:
    """Obey a reply's limits: adopt a lower rate, pause while others use it up, come back when told to."""
    if client.rate is None:
        return
    limit, remaining = headers.get("X-RateLimit-Limit", "")[:9], headers.get("X-RateLimit-Remaining", "")
    if limit.isdecimal() and 0 < int(limit) < client.rate:
        client.rate = float(limit)
    # Our own requests also bring it to 0; if they are fewer than the limit, other machines share the address or key.
    if remaining == "0" and count_recent(client.pace) < int(client.rate):
        pause(client.pace, REFUSED_PAUSE_S)
    if (seconds := retry_after_s(headers)) is not None:
        pause(client.pace, seconds)


def retry_after_s(headers: Mapping[str, str] | Message) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date, a year at most; None if it is neither."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_PAUSE_S)
    try:
        return min(max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()), LONGEST_PAUSE_S)
    except (ValueError, TypeError, OverflowError):
        return None
