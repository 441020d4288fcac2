"""BibTeX in UTF-8, as BibTeX, biber, JabRef and Zotero read it."""

import re
from collections.abc import Iterator

from flows.exports.record import Record, Row, cited_title, date_parts, given_names, one_line
from transforms.values import MONTHS

# BibTeX counts braces even behind a backslash, and so a brace of the text is never written as one.
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    **{c: f"\\{c}" for c in "$&%#_"},
}  # fmt: skip
# Two of these would be set as one other character.
LIGATURES = re.compile(r"(?<=')(?=')|(?<=`)(?=`)|(?<=-)(?=-)")
MONTH_MACROS = {number: name for name, number in MONTHS.items()}
# An address is taken as it is by `\url`, but its braces must be in pairs and a % begins a comment in some readers.
IN_ADDRESS = {"{": "%7B", "}": "%7D", "\\": "%5C", "^": "%5E", " ": "%20"}


def bibtex_text(record: Record) -> str:
    """A citation as an entry, keyed by its PMID."""
    kind = "article" if record.book is None else "incollection" if record.is_chapter else "book"
    lines = [f"  {name} = {value}" for name, value in bibtex_fields(record) if value]
    return f"@{kind}{{pmid{record.pmid},\n" + ",\n".join(lines) + "\n}\n\n"


def bibtex_fields(record: Record) -> Iterator[tuple[str, str]]:
    """The fields of an entry with their values, in braces; '' if it says nothing."""
    book = record.book
    # The second braces keep capitals as they are, such as those of genes.
    yield "title", braced(braced(escape(cited_title(record.title))))
    yield "author", names(record.authors)
    yield "editor", names(record.editors)
    yield "bookauthor", names(record.book_authors)
    if book is None:
        yield "journal", braced(escape(record.text("journal_title") or record.journal))
        yield "shortjournal", braced(escape(record.journal))
    else:
        yield "booktitle", braced(escape(book["book_title"] or "")) if record.is_chapter else ""
        yield "publisher", braced(escape(book["publisher_name"] or ""))
        yield "address", braced(escape(book["publisher_location"] or ""))
        yield "edition", braced(escape(book["edition"] or ""))
        yield "series", braced(escape(book["collection_title"] or ""))
        yield "isbn", braced(", ".join(record.values("isbn")))
    year, month, day, rest = date_parts(record.date_row)
    yield "year", braced(escape(year))
    yield "month", MONTH_MACROS[month] if month else braced(escape(rest))
    yield "day", braced(str(day)) if day else ""
    yield "volume", braced(escape(record.volume))
    yield "number", braced(escape(record.text("issue")))
    first, last = record.pages
    yield "pages", braced(escape(first) + (f"--{escape(last)}" if last else ""))
    yield "issn", braced(", ".join(dict.fromkeys(issn for issn, _ in record.issns)))
    yield "doi", braced(escape_address(record.text("doi")))
    yield "pmid", braced(str(record.pmid))
    yield "pmcid", braced(record.text("pmc_id"))
    yield "url", braced(record.url)
    yield "abstract", braced(escape(record.abstract))
    yield "keywords", braced(escape("; ".join(dict.fromkeys([*record.mesh, *record.values("keyword")]))))
    yield "language", braced(escape(", ".join(record.values("language"))))
    yield "note", braced(escape(" ".join(record.notes)))


def escape(text: str) -> str:
    """A text that TeX sets as it is."""
    return "".join(SPECIAL.get(c, c) for c in LIGATURES.sub("\0", one_line(text))).replace("\0", "{}")


def escape_address(text: str) -> str:
    """A DOI or URL as it is, but for what would end its field."""
    return "".join(IN_ADDRESS.get(c, c) for c in one_line(text))


def braced(text: str) -> str:
    """A text in braces; '' for none."""
    return f"{{{text}}}" if text and text != "{}" else ""


def names(people: list[Row]) -> str:
    """Names as `Hambrick, Jr, George W and {A Group}`; a part that BibTeX would divide is in braces."""
    written = []
    for person in people:
        if person["collective_name"]:
            written.append(braced(escape(person["collective_name"])))
            continue
        given = given_names(person)
        parts = [person["last_name"] or "", *([person["suffix"]] if person["suffix"] and given else []), given]
        name = ", ".join(whole(part) for part in parts if part)
        # With nothing behind a comma, a name of two words would be a first and a last one.
        written.append(name if given else braced(escape(person["last_name"] or "")))
    return braced(" and ".join(written))


def whole(part: str) -> str:
    """A part of a name; in braces if a comma or an `and` in it would divide it."""
    return braced(escape(part)) if re.search(r",|\band\b", part, re.IGNORECASE) else escape(part)
