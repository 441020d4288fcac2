"""What a run says while it works and when it is done."""

from dataclasses import dataclass, field
from datetime import date


@dataclass
class SearchReport:
    """What became of a search; as `search_run` has it.

    Attributes:
        name: Of its `*.query` file; a backfill's search itself.
        reason: Of the members that it brings: query or backfill.
        term: The search as asked.
        date_type: Which date its window is of; None if it has none.
        from_date: The window's first day.
        to_date: Its last day.
        translation: How NCBI understood it.
        ignored: What of it NCBI did not search as asked, in its words.
        promised: PMIDs that NCBI says it finds; None if it was not answered.
        delivered: Those that came.
        parts: Parts it was split into.
        new: Those that it had not found before; None in a dry run.
        failure: Why it was not answered.
    """

    name: str
    reason: str
    term: str
    date_type: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    translation: str = ""
    ignored: tuple[str, ...] = ()
    promised: int | None = None
    delivered: int | None = None
    parts: int = 0
    new: int | None = None
    failure: str = ""


@dataclass
class RunReport:
    """What a run did.

    Attributes:
        run_id: The run; '' if nothing was committed. Of an ingest, which has a run a file, the last one.
        first_run_id: Of an ingest, the first one; '' otherwise.
        run_kind: refresh, backfill, ingest or sync.
        reason: Why somebody started it; None if that was not said.
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
        files_plan: What a sync planned: facts, each with its name.
        salvaged: Sentences about files of which only the records before a break were read.
        skipped: Names of files that were read before (ingest).
        notes: Sentences about what is not trouble of this run: what was put right, gaps in the numbers of NLM's files.
        unusable: Sentences about files of companion tables that cannot be used.
        refused: Sentences about deletions that name no PMID (ingest).
        page: The report of the corpus that was made after it; '' if none was.
        is_dry: Only the plan was made.
        held_count: PMIDs of the plan that are held already (dry run), or files that were listed and held (sync).
        planned_requests: Requests that the plan takes (dry run).
        rate: Requests a second that are allowed; None is without limit (dry run).
        is_off_peak: Whether it is now the time that NCBI asks for with large jobs (dry run).
        searches: Each search.
        ignored: Sentences about searches of which NCBI ignored a part.
        unresolved: Entries of seed pages whose PMID is not known.
    """

    run_id: str = ""
    first_run_id: str = ""
    run_kind: str = "refresh"
    reason: str | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    plan: dict[str, int] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)
    not_found: list[int] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    nameless: int = 0
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    row_counts: dict[str, int] = field(default_factory=dict)
    coverage_before: dict[str, float] = field(default_factory=dict)
    link_lists: int = 0
    request_count: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    files: int = 0
    files_plan: list[tuple[str, str]] = field(default_factory=list)
    salvaged: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    page: str = ""
    is_dry: bool = False
    held_count: int = 0
    planned_requests: int = 0
    rate: float | None = None
    is_off_peak: bool = False
    searches: list[SearchReport] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    unresolved: int = 0

    @property
    def exit_code(self) -> int:
        """0 done; 3 in part: owed, ignored or nothing found, a file was not read or not whole; 1 no file was read."""
        if (
            self.run_kind in ("ingest", "sync")
            and self.troubles
            and not (self.files or self.skipped or self.held_count)
        ):
            return 1
        in_part = self.ignored or self.salvaged or self.refused or self.unusable or self.found_nothing
        return 0 if self.is_complete and not in_part else 3

    @property
    def is_complete(self) -> bool:
        """Whether all that was planned was obtained.

        A search that NCBI understands in part is obtained as far as it can be: it must not keep the next runs from
        looking for revisions since this one.
        """
        return not (self.owed or self.troubles)

    @property
    def found_nothing(self) -> bool:
        """Whether Entrez knows nothing of what it was asked for."""
        return 0 < self.outcomes.get("not_found", 0) == sum(self.outcomes.values())


def name_ignored(search: SearchReport) -> str:
    """A sentence about what NCBI ignored of a search, and what it searched instead."""
    as_what = f"; it searched {search.translation!r}" if search.translation else ""
    ignored = ", ".join(search.ignored)
    return f"{search.name}: NCBI did not search all of it as asked ({ignored}){as_what}; fix the search."
