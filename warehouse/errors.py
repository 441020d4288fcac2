"""Every error that the project raises on purpose.

CorpusError                a sentence for the user; exit code 1 unless a subclass says otherwise
├── UsageError             the call or the configuration is wrong                       (exit 2)
├── SeedError              a file in the seeds folder cannot be used
├── DocumentError          a document is not whole, not well-formed or not PubMed XML
├── StoreError             the data directory cannot be read or written
│   └── LockedError        another process is writing to the data directory
├── CheckError             the next DuckDB file or the run's accounts do not add up
│   └── DriftError         they add up, and are further from the last ones than is allowed
├── QueryError             a user's SQL cannot be run
├── KeyRefusedError        NCBI does not accept the API key: whatever else the run asks would be refused as well
├── SearchError            a search in PubMed's language cannot be understood           (exit 2)
└── EntrezError            NCBI, or whoever stands in for it, did not deliver
    ├── TransientError     worth asking again: 429, 5xx, a time-out, a body cut off
    │   ├── UnreachableError  there is no connection at all
    │   └── HistoryError      the history set is gone; it can be posted again
    └── PermanentError     the same request will fail again: a bad parameter, a URL too long
"""


class CorpusError(Exception):
    """A failure that the message explains in one sentence, with what to do next."""

    exit_code = 1


class UsageError(CorpusError):
    """An option or a setting is missing or does not make sense."""

    exit_code = 2


class SeedError(CorpusError):
    """A file in the seeds folder cannot be used; names the file and the line."""


class DocumentError(CorpusError):
    """A document as a whole cannot be used: cut off, not well-formed, not PubMed XML, or hostile."""


class StoreError(CorpusError):
    """A file of the data directory is missing, damaged or cannot be written."""


class LockedError(StoreError):
    """Another process is writing to the data directory; names its process id."""


class CheckError(CorpusError):
    """What was built contradicts what was learned; nothing is published."""


class DriftError(CheckError):
    """Counts or coverage moved further than `corpus.toml` allows; nothing is published.

    Attributes:
        moved: Each number that did, with its value before and after.
    """

    def __init__(self, message: str, *, moved: list[str]) -> None:
        super().__init__(message)
        self.moved = moved


class QueryError(CorpusError):
    """A user's SQL cannot be run; carries DuckDB's sentence with the position."""


class StuckError(QueryError):
    """DuckDB does not stop a question; its thread and its connection go on until the process ends."""


class KeyRefusedError(CorpusError):
    """NCBI does not accept the API key.

    No EntrezError: those cost a run some PMIDs, which are owed, and this one ends it.
    """


class SearchError(CorpusError):
    """A search in PubMed's language cannot be understood; names the part and its place."""

    exit_code = 2


class EntrezError(CorpusError):
    """NCBI did not deliver; carries NCBI's own words if there are any."""


class TransientError(EntrezError):
    """The same request may succeed later.

    Attributes:
        retry_after_s: Seconds to wait as the server asked for, or None.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnreachableError(TransientError):
    """There is no connection; the requests that follow would fail as well."""


class HistoryError(TransientError):
    """NCBI no longer has a set of its history server; what made the set has to be asked again."""


class PermanentError(EntrezError):
    """The same request will fail again."""
