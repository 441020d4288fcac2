"""CSL-JSON, as Zotero, pandoc and citation processors read it.

Page: https://github.com/citation-style-language/schema
"""

import json
from typing import Any

from flows.exports.record import Record, Row, cited_title, date_parts, given_names


def csl_text(record: Record) -> str:
    """A citation as an object of CSL-JSON."""
    return json.dumps(csl_item(record), ensure_ascii=False)


def csl_item(record: Record) -> dict[str, Any]:
    """The same before it is text; what the citation does not say is left out."""
    book = record.book
    first, last = record.pages
    container = book["book_title"] if book and record.is_chapter else record.text("journal_title") or record.journal
    item = {
        "id": f"pmid:{record.pmid}",
        "type": "article-journal" if book is None else "chapter" if record.is_chapter else "book",
        "title": cited_title(record.title),
        "author": [csl_name(person) for person in record.authors],
        "editor": [csl_name(person) for person in record.editors],
        "container-author": [csl_name(person) for person in record.book_authors],
        "container-title": container,
        "container-title-short": record.journal if book is None else "",
        "issued": csl_date(record),
        "volume": record.volume,
        "issue": record.text("issue"),
        "page": f"{first}-{last}" if last else first,
        "DOI": record.text("doi"),
        "PMID": str(record.pmid),
        "PMCID": record.text("pmc_id"),
        "ISSN": ", ".join(dict.fromkeys(issn for issn, _ in record.issns)),
        "ISBN": ", ".join(record.values("isbn")),
        "publisher": book["publisher_name"] if book else "",
        "publisher-place": book["publisher_location"] if book else "",
        "edition": book["edition"] if book else "",
        "collection-title": book["collection_title"] if book else "",
        "URL": record.url,
        "abstract": record.abstract,
        "keyword": "; ".join(dict.fromkeys([*record.mesh, *record.values("keyword")])),
        "language": ", ".join(record.values("language")),
        "genre": "; ".join(record.values("publication_type")),
        "note": "\n".join(record.notes),
        "source": "PubMed",
    }
    return {name: value for name, value in item.items() if value}


def csl_name(person: Row) -> dict[str, str]:
    """A name in its parts; that of a group is literal."""
    if person["collective_name"]:
        return {"literal": person["collective_name"]}
    parts = {"family": person["last_name"], "given": given_names(person), "suffix": person["suffix"]}
    return {name: value for name, value in parts.items() if value}


def csl_date(record: Record) -> dict[str, Any]:
    """The date of publication as far as it is known; what fits no part is the season, verbatim."""
    year, month, day, rest = date_parts(record.date_row)
    if not year.isdecimal():
        return {"literal": f"{year} {rest}".strip()} if year or rest else {}
    parts = [int(year), *([month] if month else []), *([day] if month and day else [])]
    return {"date-parts": [parts], "season": rest} if rest else {"date-parts": [parts]}
