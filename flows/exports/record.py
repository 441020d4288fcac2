"""A citation with all that the tables say of it, as the formats write it.

It is made of the published file's rows (`corpus export`) or of a record's XML (the local E-utilities server).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from transforms.values import MONTH_OR_DAY, MONTHS

Row = Mapping[str, Any]

# Rows that a record has of another table, in the order of that table's key.
PARTS = (
    "abstract_section", "accession", "affiliation", "article_id", "author", "author_identifier", "book",
    "citation_date", "citation_subset", "comment_correction", "deleted_citation", "elocation_id", "gene_symbol",
    "general_note", "grant_support", "history_date", "investigator", "investigator_affiliation", "isbn", "keyword",
    "language", "mesh_heading", "other_id", "personal_name_subject", "publication_type", "retracted",
    "space_flight_mission", "substance", "supplementary_mesh",
)  # fmt: skip

# Characters that end a line for some reader; thin and no-break spaces stay.
LINE_ENDS = re.compile("[ \t]*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029][ \t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*")
NOT_AVAILABLE = re.compile(r"\[?not available\]?\.?", re.IGNORECASE)
PAGE_RANGE = re.compile(r"([A-Za-z]*)([0-9]+)-([0-9]+)")

# The ties that change how a citation may be used, in words.
TIES = {
    "RetractionIn": "Retracted in",
    "PartialRetractionIn": "Retracted in part in",
    "RetractedandRepublishedIn": "Retracted and republished in",
    "ExpressionOfConcernIn": "Expression of concern in",
    "ErratumIn": "Erratum in",
    "CorrectedandRepublishedIn": "Corrected and republished in",
    "RetractionOf": "Retraction of",
}


@dataclass(frozen=True)
class Record:
    """A citation.

    Attributes:
        citation: Its row of `citation`.
        parts: Its rows of other tables, by name of the table; a table without rows can be missing.
        extra: Columns that were asked for besides.
    """

    citation: Row
    parts: Mapping[str, Sequence[Row]]
    extra: Row = field(default_factory=dict)

    @property
    def pmid(self) -> int:
        """The PMID."""
        return int(self.citation["pmid"])

    def rows(self, table: str) -> Sequence[Row]:
        """The rows of a table."""
        return self.parts.get(table, ())

    def by_order(self, table: str, column: str) -> Mapping[int, list[Row]]:
        """The rows of a table by their person: thousands of authors can have thousands of affiliations."""
        rows: defaultdict[int, list[Row]] = defaultdict(list)
        for row in self.rows(table):
            rows[row[column]].append(row)
        return rows

    def values(self, table: str, column: str | None = None) -> list[str]:
        """A column of a table, by default that of its name, without nulls and empty texts."""
        return [str(row[column or table]) for row in self.rows(table) if row[column or table]]

    def text(self, column: str) -> str:
        """A column of `citation`; '' for null."""
        value = self.citation[column]
        return "" if value is None else str(value)

    @property
    def book(self) -> Row | None:
        """The book around it; None for an article."""
        return next(iter(self.rows("book")), None)

    @property
    def title(self) -> str:
        """The title, or that in the language of the publication if NLM has none; of a whole book, the book's."""
        title = self.text("article_title") or (self.book["book_title"] or "" if self.book else "")
        vernacular = self.text("vernacular_title")
        return vernacular if vernacular and (not title or NOT_AVAILABLE.fullmatch(title)) else title

    @property
    def abstract(self) -> str:
        """The main abstract, a section a line, with the labels of sections that say nothing."""
        sections = [
            f"{row['label']}: {row['section_text']}".rstrip() if row["label"] else row["section_text"]
            for row in self.rows("abstract_section")
            if row["abstract_kind"] == "main"
        ]
        return "\n".join(filter(None, sections)) or self.text("abstract")

    @property
    def is_chapter(self) -> bool:
        """A part of a book, with a title of its own."""
        return bool(self.book and self.book["book_title"] and self.text("article_title"))

    @property
    def journal(self) -> str:
        """The journal as NLM abbreviates it."""
        return self.text("medline_ta") or self.text("iso_abbreviation")

    @property
    def date_row(self) -> Row:
        """The row with the parts of the date of publication: the book's, or the issue's."""
        return self.citation if self.book is None else self.book

    @property
    def volume(self) -> str:
        """The volume of the journal or book."""
        return self.text("volume") or (self.book["volume"] or "" if self.book else "")

    @property
    def pages(self) -> tuple[str, str]:
        """First and last page; what is not a simple range is all first page, and `405-15` ends with 415."""
        first, last = self.text("start_page"), self.text("end_page")
        if not first:
            first = self.text("medline_pgn")
        elif last:
            first = f"{first}-{last}" if last != first else first
        found = PAGE_RANGE.fullmatch(first)
        if found is None:
            return (self.text("start_page"), last) if last and self.text("start_page") else (first, "")
        letters, start, end = found.groups()
        return f"{letters}{start}", f"{letters}{start[: max(len(start) - len(end), 0)]}{end}"

    @property
    def authors(self) -> list[Row]:
        """Rows of its authors: of a chapter its own, or the book's if it has none."""
        people = [row for row in self.people("author") if row["list_type"] != "editors"]
        return [row for row in people if row["list_path"] != "Book"] or people

    @property
    def editors(self) -> list[Row]:
        """Rows of the editors of its book."""
        return [row for row in self.people("author") if row["list_type"] == "editors"]

    @property
    def book_authors(self) -> list[Row]:
        """Rows of the authors of the book, if the chapter has authors of its own."""
        own = {row["author_order"] for row in self.authors}
        people = self.people("author")
        return [row for row in people if row["list_type"] != "editors" and row["author_order"] not in own]

    def people(self, table: str) -> list[Row]:
        """Rows of people under the names that are right: one with ValidYN="N" stands beside its correction."""
        return [row for row in self.rows(table) if row["is_valid"] is not False and (name_of(row) or row["last_name"])]

    @property
    def mesh(self) -> list[str]:
        """MeSH headings as `Depression/*drug therapy`, a star for main points."""
        headings: dict[int, str] = {}
        for row in self.rows("mesh_heading"):
            order = row["heading_order"]
            if order not in headings:
                headings[order] = ("*" if row["is_descriptor_major"] else "") + row["descriptor_name"]
            if row["qualifier_name"]:
                headings[order] += "/" + ("*" if row["is_qualifier_major"] else "") + row["qualifier_name"]
        return list(headings.values())

    @property
    def issns(self) -> list[tuple[str, str]]:
        """ISSNs with their kind: Print, Electronic, Linking."""
        found = [(self.text("issn"), self.text("issn_type")), (self.text("issn_linking"), "Linking")]
        return [(issn, kind) for issn, kind in found if issn]

    @property
    def is_retracted(self) -> bool:
        """Known as retracted: by the record itself, or, in the corpus, by a notice that names it."""
        ties = {row["ref_type"] for row in self.rows("comment_correction")}
        return bool(self.citation["is_retracted"] or self.rows("retracted") or "RetractedandRepublishedIn" in ties)

    @property
    def notes(self) -> list[str]:
        """What whoever cites it has to know: retractions, concerns, errata, withdrawals."""
        notes = ["Retracted publication."] if self.is_retracted else []
        for row in self.rows("comment_correction"):
            if words := TIES.get(row["ref_type"] or ""):
                pmid = f" PMID: {row['related_pmid']}" if row["related_pmid"] else ""
                notes.append(f"{words}: {row['ref_source'] or ''}{pmid}".strip())
        if self.rows("deleted_citation"):
            notes.append("Withdrawn from PubMed.")
        return notes

    @property
    def url(self) -> str:
        """Its page at PubMed."""
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"


def given_names(person: Row) -> str:
    """The given names of a person, or the initials."""
    return " ".join(p for p in (person["fore_name"], person["middle_name"]) if p) or person["initials"] or ""


def name_of(person: Row) -> str:
    """A name as PubMed lists it, `Hambrick GW Jr`, or that of a group."""
    if person["collective_name"]:
        return str(person["collective_name"])
    return " ".join(part for part in (person["last_name"], person["initials"], person["suffix"]) if part)


def cited_title(title: str) -> str:
    """A title as it stands in a list of references: without NLM's full stop at its end."""
    return title[:-1] if title.endswith(".") and not title.endswith("..") else title


def one_line(text: str) -> str:
    """A text without line ends."""
    return LINE_ENDS.sub(" ", text).strip(" \t")


def date_parts(row: Row) -> tuple[str, int | None, int | None, str]:
    """Year, month and day of a date of publication, as far as they are numbers, and what else it says, verbatim.

    `1998 Spring` is ("1998", None, None, "Spring"); a part that is missing is '' or None, never the first.
    """
    year, month, day = (row[f"pub_date_{part}"] or "" for part in ("year", "month", "day"))
    if not year:
        text = row["medline_date"] or ""
        found = re.match(r"([0-9]{4})\b\s*(.*)", text, re.DOTALL)
        return (found[1], None, None, found[2]) if found else ("", None, None, text)
    number = int(month) if MONTH_OR_DAY.fullmatch(month) else MONTHS.get(month[:3].lower())
    if number is None or number > 12:
        return year, None, None, " ".join(part for part in (row["pub_date_season"], month, day) if part)
    is_day = bool(MONTH_OR_DAY.fullmatch(day))
    rest = " ".join(part for part in (row["pub_date_season"], "" if is_day else day) if part)
    return year, number, int(day) if is_day else None, rest


def make_records(tables: Mapping[str, pa.Table]) -> Iterator[Record]:
    """The records of some tables, in the order of `citation`; rows are in the order of their keys already.

    Args:
        tables: `citation` and any of PARTS, by name.
    """
    parts: defaultdict[int, dict[str, list[Row]]] = defaultdict(dict)
    for name in PARTS:
        for row in tables[name].to_pylist() if name in tables else ():
            parts[row["pmid"]].setdefault(name, []).append(row)
    for row in tables["citation"].to_pylist() if "citation" in tables else ():
        yield Record(row, parts.get(row["pmid"], {}))
