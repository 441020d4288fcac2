"""What a run says while it works and when it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Called with the step's name, how much is done and how much there is; a step is over when both are equal.
Progress = Callable[[str, int, int], None]


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass
class RunReport:
    """What a run did.

    Attributes:
        run_id: The run; '' where nothing was committed.
        run_kind: refresh, backfill or ingest.
        outcomes: PMIDs by outcome; every PMID asked for has one.
        plan: PMIDs by reason.
        owed: Members that could not be obtained, by PMID; the next run asks for them.
        not_found: PMIDs that Entrez does not know.
        rejected: Reason by PMID of records that could not be read.
        nameless: Records without a PMID, which could not be read either (ingest).
        troubles: Sentences about what failed, each with what happens next.
        unknown: Elements that no column is declared for: how often each path was met.
        row_counts: Rows of each table of the published file.
        coverage_before: Of the file that was published before, what `warehouse/sql/select_drift.sql` measures: counts,
            and shares of the citations in percent; empty if there was none.
        link_lists: Link lists obtained.
        request_count: Requests sent.
        seconds: Time by step.
        files: Files read (ingest).
        salvaged: Sentences about files of which only the records before a break were read.
        is_dry: Only the plan was made.
        held_count: PMIDs of the plan that are held already (dry run).
        planned_requests: Requests that the plan takes (dry run).
        rate: Requests a second that are allowed; None is without limit (dry run).
        is_off_peak: Whether it is now the time that NCBI asks for with large jobs (dry run).
        searches: Of each query: PMIDs promised, PMIDs delivered, parts it was split into.
        unresolved: Entries of seed pages whose PMID is not known.
    """

    run_id: str = ""
    run_kind: str = "refresh"
    outcomes: dict[str, int] = field(default_factory=dict)
    plan: dict[str, int] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)
    not_found: list[int] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    nameless: int = 0
    troubles: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    row_counts: dict[str, int] = field(default_factory=dict)
    coverage_before: dict[str, float] = field(default_factory=dict)
    link_lists: int = 0
    request_count: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    files: int = 0
    salvaged: list[str] = field(default_factory=list)
    is_dry: bool = False
    held_count: int = 0
    planned_requests: int = 0
    rate: float | None = None
    is_off_peak: bool = False
    searches: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    unresolved: int = 0

    @property
    def exit_code(self) -> int:
        """0 done; 3 in part: something is owed, or a file was salvaged; 1 a file could not be used."""
        if self.run_kind == "ingest":
            return 1 if self.troubles else 3 if self.salvaged else 0
        return 3 if self.owed or self.troubles else 0


def name_some(pmids: list[int], most: int = 10) -> str:
    """PMIDs in a sentence: the first ones, and how many more there are."""
    named = ", ".join(str(pmid) for pmid in sorted(pmids)[:most])
    return named if len(pmids) <= most else f"{named} and {len(pmids) - most:,} more"
