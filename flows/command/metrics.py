"""The status as Prometheus reads it, for the textfile collector of its node exporter."""

from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

# Numbers of the status, with what each counts.
COUNTS = {
    "citations": "Citations held.",
    "members": "PMIDs that are in the corpus for a reason.",
    "links": "Links between citations.",
    "retracted": "Citations known as retracted.",
    "deleted": "PMIDs that were withdrawn.",
    "rejected": "Records that could not be read.",
    "unresolved": "Entries of seed pages without a PMID.",
    "runs": "Runs committed.",
    "database_bytes": "Size of corpus.duckdb.",
    "parquet_bytes": "Size of the runs.",
}


def metrics_of(status: dict[str, Any]) -> str:
    """Gauges `corpus_...` in Prometheus' text format.

    Args:
        status: As `warehouse.query.read_status` gives it.
    """
    registry = CollectorRegistry()
    for name, text in COUNTS.items():
        Gauge(f"corpus_{name}", text, registry=registry).set(status[name])
    Gauge("corpus_owed", "PMIDs that Entrez still owes.", registry=registry).set(len(status["owed"]))
    if oldest := status["oldest_fetched_at"]:
        of_oldest = Gauge("corpus_oldest_fetched_timestamp_seconds", "When the oldest record came.", registry=registry)
        of_oldest.set(seconds_of(oldest))
    if run := status["last_run"]:
        for name, text, value in (
            ("timestamp_seconds", "When the last run ended.", seconds_of(run["finished_at"])),
            ("complete", "1 if it got all that it asked for.", bool(run["is_complete"])),
        ):
            gauge = Gauge(f"corpus_last_run_{name}", text, ["run_kind"], registry=registry)
            gauge.labels(run["run_kind"]).set(value)
    return generate_latest(registry).decode()


def seconds_of(moment: datetime) -> float:
    """Seconds since 1970 of a time in UTC."""
    return moment.replace(tzinfo=UTC).timestamp()
