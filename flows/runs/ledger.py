"""The accounts of a run: its row, and the outcome of each PMID."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from flows.definition.version import CODE_VERSION
from warehouse.schema.ledger import OUTCOMES, RUN


@dataclass(frozen=True)
class RunFacts:
    """What the row of a run says besides its outcomes.

    Attributes:
        run_id: The run.
        run_kind: refresh, links, backfill, ingest ...
        started_at: When it began, UTC without time zone.
        run_source: Base URL of the E-utilities, `sample`, or the name of the file.
        reason: Why somebody started it.
        is_complete: All that was planned was obtained.
        request_count: Requests sent.
        failure: Why it failed; None if it did not.
    """

    run_id: str
    run_kind: str
    started_at: datetime
    run_source: str
    is_complete: bool
    reason: str | None = None
    request_count: int = 0
    failure: str | None = None


def run_table(facts: RunFacts, outcomes: Mapping[str, int]) -> pa.Table:
    """RUN: the row of a run that ends now.

    Args:
        facts: What it was.
        outcomes: PMIDs by outcome.
    """
    values = {
        "run_id": facts.run_id,
        "run_kind": facts.run_kind,
        "started_at": facts.started_at,
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
        "run_source": facts.run_source,
        "reason": facts.reason,
        "requested_count": sum(outcomes.values()),
        **{f"{outcome}_count": outcomes.get(outcome, 0) for outcome in OUTCOMES},
        "is_complete": facts.is_complete,
        "request_count": facts.request_count,
        "code_version": CODE_VERSION,
        "run_failure": facts.failure,
    }
    return RUN.to_arrow([[values[name] for name in RUN.column_names]])
