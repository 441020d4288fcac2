"""Counts of requests by caller, and NCBI's rate limit (NBK25497)."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from warehouse.errors import UsageError

# Requests a second without and with an API key.
WITHOUT_KEY, WITH_KEY = 3, 10
WINDOW_S = 1.0


@dataclass(frozen=True)
class Limit:
    """Requests in any window of one second, by address, or by API key if there is one."""

    without_key: int
    with_key: int


def parse_limit(text: str) -> Limit | None:
    """`ncbi`, 3 and 10 with an API key; a number, for everyone; `none`.

    Raises:
        UsageError: It is none of these.
    """
    if text == "none":
        return None
    if text == "ncbi":
        return Limit(WITHOUT_KEY, WITH_KEY)
    if text.isdecimal() and int(text) > 0:
        return Limit(int(text), int(text))
    raise UsageError(f"--limit {text}: give `ncbi`, `none` or a number of requests a second.")


@dataclass
class Window:
    """Arrivals within the last second.

    Attributes:
        arrivals: Their times, in seconds.
        busiest: The most that there ever were.
    """

    arrivals: deque[float] = field(default_factory=deque)
    busiest: int = 0

    def add(self, at: float) -> int:
        """Count an arrival; gives how many there were in the second that ends with it."""
        while self.arrivals and self.arrivals[0] <= at - WINDOW_S:
            self.arrivals.popleft()
        self.arrivals.append(at)
        self.busiest = max(self.busiest, len(self.arrivals))
        return len(self.arrivals)


@dataclass
class Traffic:
    """Requests, and those that were refused.

    Attributes:
        limit: What is refused; None refuses nothing.
        requests: Requests by utility, refused ones among them.
        statuses: Replies by HTTP status.
        faults: Injected faults by kind.
        refused: Requests beyond the limit.
        first_at, last_at: Times of the first and the last request; None before them.
        all: The window over all requests.
        by_caller: The window of each address or API key.
    """

    limit: Limit | None = None
    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    first_at: float | None = None
    last_at: float | None = None
    all: Window = field(default_factory=Window)
    by_caller: "defaultdict[str, Window]" = field(default_factory=lambda: defaultdict(Window))

    def arrive(self, utility: str, caller: str, at: float, *, has_key: bool) -> "Standing":
        """Count a request."""
        self.requests[utility] += 1
        self.first_at = at if self.first_at is None else self.first_at
        self.last_at = at
        self.all.add(at)
        count = self.by_caller[caller].add(at)
        if self.limit is None:
            return Standing(caller, count, None)
        standing = Standing(caller, count, self.limit.with_key if has_key else self.limit.without_key)
        self.refused += standing.is_refused
        return standing

    def describe(self) -> dict[str, object]:
        """The counts, as the statistics have them; times in seconds."""
        total = self.requests.total()
        seconds = (self.last_at or 0.0) - (self.first_at or 0.0)
        return {
            "requests": dict(sorted(self.requests.items())),
            "total": total,
            "busiest_second": self.all.busiest,
            "busiest_second_of_a_caller": max((window.busiest for window in self.by_caller.values()), default=0),
            "requests_per_second": round((total - 1) / seconds, 3) if seconds > 0 else None,
            "seconds": round(seconds, 3),
            "refused": self.refused,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "faults": dict(sorted(self.faults.items())),
        }


@dataclass(frozen=True)
class Standing:
    """Where a caller stands.

    Attributes:
        caller: Its API key, or its address.
        count: Its requests within the last second, this one among them.
        limit: How many there may be; None for any number.
    """

    caller: str
    count: int
    limit: int | None

    @property
    def is_refused(self) -> bool:
        """Whether the request goes beyond the limit."""
        return self.limit is not None and self.count > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """NCBI's headers; none if there is no limit."""
        if self.limit is None:
            return {}
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(max(0, self.limit - self.count))}
