"""RIS, as Zotero, EndNote, Mendeley and Rayyan read it.

Page: https://en.wikipedia.org/wiki/RIS_(file_format); AN has the PMID and C2 the PMCID, as EndNote has them.
"""

from collections.abc import Iterator

from flows.exports.record import Record, Row, cited_title, date_parts, given_names, one_line


def ris_text(record: Record) -> str:
    """A citation in RIS, with an empty line behind it."""
    lines = [f"{tag}  - {text}" for tag, value in ris_fields(record) if (text := one_line(value))]
    return "\n".join([*lines, "ER  - \n\n"])


def ris_fields(record: Record) -> Iterator[tuple[str, str]]:
    """The tags of a citation with their values; '' if it says nothing."""
    book = record.book
    yield "TY", "JOUR" if book is None else "CHAP" if record.is_chapter else "BOOK"
    yield "TI", cited_title(record.title)
    for person in record.authors:
        yield "AU", ris_name(person)
    for person in record.editors:
        # Zotero: A2 of a book is the editor of its series.
        yield "A2" if record.is_chapter else "A3", ris_name(person)
    for person in record.book_authors:
        yield "C2", ris_name(person)
    if book is None:
        yield "T2", record.text("journal_title") or record.journal
        yield "J2", record.journal
    elif record.is_chapter:
        yield "T2", book["book_title"]
    year, month, day, rest = date_parts(record.date_row)
    yield "PY", year
    parts = "" if month is None else f"{month:02}", "" if day is None else f"{day:02}"
    yield "DA", f"{year}/{parts[0]}/{parts[1]}/{rest}".rstrip("/") if month or rest else ""
    yield "VL", record.volume
    yield "IS", record.text("issue")
    first, last = record.pages
    yield "SP", first
    yield "EP", last
    # Zotero makes a note of a second SN, LA or AD.
    yield "SN", ", ".join(dict.fromkeys(record.values("isbn") if book else [issn for issn, _ in record.issns]))
    if book is not None:
        yield "PB", book["publisher_name"] or ""
        yield "CY", book["publisher_location"] or ""
        yield "ET", book["edition"] or ""
        yield "T3", book["collection_title"] or ""
    yield "DO", record.text("doi")
    yield "AN", str(record.pmid)
    if not record.book_authors:
        yield "C2", record.text("pmc_id")
    yield "UR", record.url
    yield "AB", record.abstract
    for keyword in dict.fromkeys([*record.mesh, *record.values("keyword")]):
        yield "KW", keyword
    yield "LA", ", ".join(record.values("language"))
    yield "M3", "; ".join(record.values("publication_type"))
    yield "AD", "; ".join(dict.fromkeys(record.values("affiliation")))
    for note in record.notes:
        yield "N1", note
    yield "DB", "PubMed"


def ris_name(person: Row) -> str:
    """A name as `Hambrick, George W, Jr`; that of a group as it is."""
    if person["collective_name"]:
        return str(person["collective_name"])
    return ", ".join(part for part in (person["last_name"], given_names(person), person["suffix"]) if part)
