"""What became of each PMID that a run was asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from transforms.pubmed_document import RawRecord
from transforms.pubmed_xml import ParsedRecords, UnknownElement, add_unknown
from warehouse.held import Held
from warehouse.schema import REQUEST, UNKNOWN_ELEMENT


@dataclass
class Outcomes:
    """What became of each PMID: its one outcome, and a detail where there is something to say.

    Attributes:
        by_pmid: The outcome.
        details: What there is to say of it.
        unknown: Elements that no column is declared for, by path.
        rejected_count: Records rejected, those without a PMID among them.
        nameless_count: Those without a PMID.
    """

    by_pmid: dict[int, str] = field(default_factory=dict)
    details: dict[int, str] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected_count: int = 0
    nameless_count: int = 0

    def note(self, pmids: Iterable[int], outcome: str, detail: str | None = None) -> None:
        """Give PMIDs their outcome, in the place of an earlier one."""
        for pmid in pmids:
            self.by_pmid[pmid] = outcome
            self.details.pop(pmid, None)
            if detail is not None:
                self.details[pmid] = detail

    def counts(self) -> dict[str, int]:
        """PMIDs by outcome."""
        counts: dict[str, int] = {}
        for outcome in self.by_pmid.values():
            counts[outcome] = counts.get(outcome, 0) + 1
        return counts

    def note_parsed(self, parsed: ParsedRecords, held: Mapping[int, Held], read: Sequence[RawRecord]) -> None:
        """Give the records that were read their outcomes: new or revised, or rejected."""
        for pmid in (record.pmid for record in read if record.pmid is not None):
            if pmid in parsed.rejected:
                self.note([pmid], "rejected", parsed.rejected[pmid])
            else:
                self.note([pmid], "revised" if pmid in held else "new")
        for element in parsed.unknown.values():
            add_unknown(self.unknown, element)
        self.rejected_count = parsed.rejected_count


def request_table(outcomes: Outcomes, reasons: Mapping[int, str], run_id: str) -> pa.Table:
    """REQUEST: the outcome of each PMID, in the order of the PMIDs."""
    return REQUEST.to_arrow(
        [
            (run_id, pmid, reasons[pmid], outcomes.by_pmid[pmid], outcomes.details.get(pmid))
            for pmid in sorted(outcomes.by_pmid)
        ]
    )


def unknown_table(outcomes: Outcomes, run_id: str) -> pa.Table:
    """UNKNOWN_ELEMENT: what no column is declared for, by path."""
    return UNKNOWN_ELEMENT.to_arrow(
        [(run_id, u.path, u.count, u.example_pmid, u.example_text) for _, u in sorted(outcomes.unknown.items())]
    )
