"""What a run knows of a citation before it reads it anew."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Held:
    """A citation that Entrez or a file has delivered.

    Attributes:
        content_sha256: Of its record.
        pmid_version: Version of the PMID.
        date_revised: As NLM says, or None.
        citation_status: State of indexing, MEDLINE, In-Process ...; None where it was not looked up or not given.
    """

    content_sha256: str
    pmid_version: int
    date_revised: date | None
    citation_status: str | None = None
