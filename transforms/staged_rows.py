"""What a file or a reply delivers, a row per record or deletion, for `warehouse/decide.py`."""

from collections.abc import Sequence

import pyarrow as pa

from transforms.parsed_records import ParsedRecords, Provenance
from transforms.raw_records import RawRecord
from warehouse.schema.deliveries import STAGED_DELIVERY


def stage(record: RawRecord, parsed: ParsedRecords | None, provenance: Provenance) -> tuple[object, ...]:
    """The row of STAGED_DELIVERY for a record: what was read of it, or nothing if another takes its place."""
    pmid = record.pmid or 0
    revised, newest = parsed.dates.get(pmid, (None, None)) if parsed else (None, None)
    return (
        pmid,
        provenance.delivery_kind,
        False,
        record.pmid_version,
        record.content_sha256,
        revised,
        None,
        None,
        0,
        record.position,
        None,
        None,
        None,
        newest,
        None,
        parsed.rejected.get(pmid) if parsed else None,
        parsed is None,
    )


def stage_deletion(pmid: int, evidence: str, position: int, provenance: Provenance) -> tuple[object, ...]:
    """The row of STAGED_DELIVERY for a deletion."""
    kind = provenance.delivery_kind
    return (pmid, kind, True, None, None, None, None, None, 0, position, evidence, None, None, None, None, None, False)


def stage_table(rows: Sequence[Sequence[object]], chunk_order: int, provenance: Provenance) -> pa.Table:
    """STAGED_DELIVERY of a chunk."""
    fetched_at = provenance.fetched_at.replace(tzinfo=None)
    constants = {
        "nlm_year": pa.scalar(provenance.nlm_year, pa.int16()),
        "nlm_number": pa.scalar(provenance.nlm_number, pa.int32()),
        "chunk_order": pa.scalar(chunk_order, pa.int32()),
        "record_source": pa.scalar(provenance.record_source),
        "delivered_at": pa.scalar(fetched_at, pa.timestamp("us")),
        "last_modified": pa.scalar(provenance.last_modified, pa.timestamp("us")),
    }
    return STAGED_DELIVERY.to_arrow(rows, constants)
