"""The abstract format, which PubMed saves as "Abstract (text)"."""

import textwrap

from flows.exports.medline import source_line
from flows.exports.record import Record, name_of, one_line

WIDTH = 80


def abstract_text(record: Record, order: int) -> str:
    """A citation in the abstract format.

    Args:
        record: The citation.
        order: Its number among those that are written, from 1.
    """
    parts = [f"{order}. {source_line(record)}", record.title]
    affiliations: dict[str, int] = {}
    names = []
    people = record.people("author")
    rows = record.by_order("affiliation", "author_order")
    for person in people:
        texts = [row["affiliation"] for row in rows.get(person["author_order"], ())]
        own = {affiliations.setdefault(text, len(affiliations) + 1) for text in texts if text}
        names.append(name_of(person) + (f"({')('.join(map(str, sorted(own)))})" if own else ""))
    if names:
        parts.append(", ".join(names) + ".")
    blocks = [wrapped(part) for part in parts if part]
    if affiliations:
        told = "\n".join(wrapped(f"({number}){text}") for text, number in affiliations.items())
        blocks.append(f"Author information:\n{told}")
    if abstract := record.abstract:
        blocks.append("\n".join(wrapped(section) for section in abstract.split("\n")))
    if owner := record.text("copyright_information"):
        blocks.append(wrapped(owner))
    lines = [
        f"{name}: {value}" for name, column in (("DOI", "doi"), ("PMCID", "pmc_id")) if (value := record.text(column))
    ]
    indexed = "  [Indexed for MEDLINE]" if record.text("citation_status") == "MEDLINE" else ""
    blocks.append("\n".join([*lines, f"PMID: {record.pmid}{indexed}"]))
    return "\n\n".join(blocks) + "\n\n"


def wrapped(text: str) -> str:
    """A paragraph in lines of 80."""
    return textwrap.fill(one_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)
