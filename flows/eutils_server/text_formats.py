"""Records as text, the MEDLINE and the abstract format, written as `corpus export` writes them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from flows.definition.version import CODE_VERSION
from flows.eutils_server.store import records_of
from flows.exports.abstract import abstract_text
from flows.exports.medline import medline_text
from flows.exports.record import Record, make_records
from transforms.parsed_records import Provenance
from transforms.pubmed_xml import make_tables

# Records per batch.
BATCH = 100
# No format shows the source of the rows.
NOWHERE = Provenance(
    run_id="",
    source="file",
    record_source="",
    fetched_at=datetime.fromtimestamp(0, UTC),
    code_version=CODE_VERSION,
)


def read_records(records: Iterable[bytes]) -> Iterator[Record | str]:
    """Records of their XML, in order; the reason for one that cannot be read."""
    left = iter(records)
    while xmls := list(islice(left, BATCH)):
        raw = [record for xml in xmls for record in records_of(xml, "a record")]
        parsed = make_tables(raw, NOWHERE)
        read = {record.pmid: record for record in make_records(parsed.tables)}
        for record in raw:
            if record.pmid is not None:
                yield read.get(record.pmid) or f"id: {record.pmid} Error occurred: {parsed.rejected.get(record.pmid)}\n"


def text_records(records: Iterable[bytes], rettype: str) -> Iterator[str]:
    """Records as text.

    Args:
        records: The XML of each, each PMID once.
        rettype: medline or abstract.
    """
    for order, record in enumerate(read_records(records), start=1):
        if isinstance(record, str):
            yield record
        else:
            yield medline_text(record) if rettype == "medline" else abstract_text(record, order)
