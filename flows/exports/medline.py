"""The tagged MEDLINE format (`.nbib`), as PubMed writes it.

Page: https://www.nlm.nih.gov/bsd/mms/medlineelements.html
"""

import re
from collections.abc import Iterator

from flows.exports.record import Record, Row, name_of, one_line
from transforms.values import MONTH_OR_DAY, MONTHS

# Characters of a value in one line, with the blank at its end.
WIDTH = 82
# The tag of each kind of comment or correction.
COMMENT_TAGS = {
    "CommentIn": "CIN", "CommentOn": "CON", "CorrectedandRepublishedIn": "CRI", "CorrectedandRepublishedFrom": "CRF",
    "ErratumIn": "EIN", "ErratumFor": "EFR", "ExpressionOfConcernIn": "ECI", "ExpressionOfConcernFor": "ECF",
    "OriginalReportIn": "ORI", "PartialRetractionIn": "PRIN", "PartialRetractionOf": "PROF", "RepublishedFrom": "RPF",
    "RepublishedIn": "RPI", "RetractedandRepublishedIn": "RRI", "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN", "RetractionOf": "ROF", "SummaryForPatientsIn": "SPIN", "UpdateIn": "UIN",
    "UpdateOf": "UOF", "AssociatedDataset": "DDIN", "AssociatedPublication": "DRIN",
}  # fmt: skip
MONTH_NAMES = {number: name.capitalize() for name, number in MONTHS.items()}
WORD = re.compile(r"[^ ]+ *")


def medline_text(record: Record) -> str:
    """A citation in the MEDLINE format."""
    lines = [
        f"{tag:<4}- " + "\n      ".join(wrap(text))
        for tag, value in medline_fields(record)
        if tag and (text := one_line(value))
    ]
    return "\n".join(lines) + "\n"


def wrap(text: str) -> list[str]:
    """A value in lines, broken behind blanks, which stay; a word longer than a line, such as a URL, is whole."""
    lines = [""]
    for word in WORD.findall(text):
        # PubMed counts a blank behind the last word, too.
        if lines[-1] and len(lines[-1]) + len(word.rstrip(" ")) + 1 > WIDTH:
            lines.append("")
        lines[-1] += word
    return lines


def medline_fields(record: Record) -> Iterator[tuple[str, str]]:
    """The tags of a citation with their values, in NLM's order; '' if it says nothing."""
    text = record.text
    yield "PMID", str(record.pmid)
    yield "OWN", text("owner") or "NLM"
    yield "STAT", text("citation_status")
    yield "DCOM", text("date_completed").replace("-", "")
    yield "LR", text("date_revised").replace("-", "")
    for issn, kind in record.issns:
        yield "IS", f"{issn} ({kind})" if kind else issn
    for isbn in record.values("isbn"):
        yield "ISBN", isbn
    yield "VI", record.volume
    yield "IP", text("issue")
    yield "DP", pub_date(record)
    yield "TI", text("article_title") or record.title
    yield "PG", text("medline_pgn")
    for row in record.rows("elocation_id"):
        yield "LID", f"{row['elocation_id']} [{row['eid_type']}]" if row["elocation_id"] else ""
    yield "AB", record.abstract
    yield "CI", text("copyright_information")
    yield from author_fields(record)
    yield from publication_fields(record)
    yield from subject_fields(record)
    yield from keyword_fields(record)
    yield from history_fields(record)
    yield "PST", text("publication_status")
    yield "SO", source_line(record)


def author_fields(record: Record) -> Iterator[tuple[str, str]]:
    """FAU, AU, AUID and AD of each author, CN of a collective, FED and ED of an editor."""
    identifiers = record.by_order("author_identifier", "author_order")
    affiliations = record.by_order("affiliation", "author_order")
    for person in record.people("author"):
        order = person["author_order"]
        if person["collective_name"]:
            yield "CN", person["collective_name"]
        else:
            full, short = ("FED", "ED") if person["list_type"] == "editors" else ("FAU", "AU")
            yield full, full_name(person)
            yield short, name_of(person)
        for row in identifiers.get(order, ()):
            yield "AUID", f"{row['identifier_source'] or ''}: {row['identifier']}"
        for row in affiliations.get(order, ()):
            yield "AD", row["affiliation"]
    for row in affiliations.get(0, ()):
        yield "AD", row["affiliation"]


def publication_fields(record: Record) -> Iterator[tuple[str, str]]:
    """LA to JID: how and by whom it was published, and what it is linked to."""
    for language in record.values("language"):
        yield "LA", language
    for row in record.rows("accession"):
        yield "SI", f"{row['data_bank_name'] or ''}/{row['accession_number']}" if row["accession_number"] else ""
    for row in record.rows("grant_support"):
        own = [text for column in ("grant_id", "acronym") if (text := row[column])]
        yield "GR", "/".join([*own, row["agency"] or "", row["country"] or ""])
    for kind in record.values("publication_type"):
        yield "PT", kind
    yield "TT", record.text("vernacular_title")
    for row in record.rows("citation_date"):
        if row["date_kind"] == "ArticleDate":
            yield "DEP", str(row["citation_date"] or "").replace("-", "")
    book = record.book
    yield "PL", record.text("journal_country") or (book["publisher_location"] or "" if book else "")
    yield "PB", book["publisher_name"] or "" if book else ""
    yield "BTI", book["book_title"] or "" if book else ""
    yield "CTI", book["collection_title"] or "" if book else ""
    yield "EN", book["edition"] or "" if book else ""
    yield "TA", record.journal
    yield "JT", record.text("journal_title")
    yield "JID", record.text("nlm_unique_id")


def subject_fields(record: Record) -> Iterator[tuple[str, str]]:
    """RN to OID: what it is about, and what was said of it."""
    for row in record.rows("substance"):
        yield "RN", f"{row['registry_number'] or ''} ({row['substance_name']})"
    for name in record.values("supplementary_mesh", "supplementary_name"):
        yield "NM", name
    for subset in record.values("citation_subset"):
        yield "SB", subset
    for row in record.rows("comment_correction"):
        pmid = row["related_pmid"]
        yield (
            COMMENT_TAGS.get(row["ref_type"] or "", ""),
            (row["ref_source"] or "") + (f". PMID: {pmid}" if pmid else ""),
        )
    for heading in record.mesh:
        yield "MH", heading
    yield "RF", record.text("number_of_references")
    for symbol in record.values("gene_symbol"):
        yield "GS", symbol
    yield from other_abstracts(record)
    for row in record.rows("other_id"):
        yield "OID", f"{row['other_id_source'] or ''}: {row['other_id']}"


def keyword_fields(record: Record) -> Iterator[tuple[str, str]]:
    """FPS to IRAD: people, keywords and notes."""
    for person in record.rows("personal_name_subject"):
        yield "FPS", full_name(person)
        yield "PS", name_of({**person, "collective_name": None})
    yield "PMC", record.text("pmc_id")
    for row in record.rows("article_id"):
        yield "MID", row["article_id"] if row["id_type"] == "mid" else ""
    owner = None
    for row in record.rows("keyword"):
        if row["keyword_list_owner"] != owner:
            owner = row["keyword_list_owner"]
            yield "OTO", owner or ""
        yield "OT", ("*" if row["is_major_topic"] and row["keyword"] else "") + row["keyword"]
    yield "COIS", record.text("coi_statement")
    for note in record.values("general_note"):
        yield "GN", note
    for mission in record.values("space_flight_mission"):
        yield "SFM", mission
    affiliations = record.by_order("investigator_affiliation", "investigator_order")
    for person in record.people("investigator"):
        yield "FIR", full_name(person)
        yield "IR", name_of(person)
        for row in affiliations.get(person["investigator_order"], ()):
            yield "IRAD", row["affiliation"]


def other_abstracts(record: Record) -> Iterator[tuple[str, str]]:
    """OAB and OABL of each other abstract."""
    texts: dict[int, tuple[str, str]] = {}
    for row in record.rows("abstract_section"):
        if row["abstract_kind"] != "main":
            before, language = texts.get(row["abstract_order"], ("", row["language"]))
            section = f"{row['label']}: {row['section_text']}" if row["label"] else row["section_text"]
            texts[row["abstract_order"]] = f"{before} {section}", language
    for text, language in texts.values():
        yield "OAB", text
        yield "OABL", language


def history_fields(record: Record) -> Iterator[tuple[str, str]]:
    """EDAT to AID: its dates, and its identifiers."""
    history = [(row["pub_status"] or "", minute_of(row)) for row in record.rows("history_date")]
    when = dict(reversed(history))
    yield "EDAT", when.get("pubmed") or when.get("entrez", "")
    yield "MHDA", when.get("medline", "")
    yield "PMCR", when.get("pmc-release", "")[:10]
    yield "CRDT", when.get("entrez") or when.get("pubmed", "")
    for status, at in history:
        yield "PHST", f"{at} [{status}]"
    for row in record.rows("article_id"):
        if row["id_type"] not in ("pubmed", "pmc", "mid", "pmcid"):
            yield "AID", f"{row['article_id']} [{row['id_type'] or 'pubmed'}]"


def full_name(person: Row) -> str:
    """A name as `Hambrick, George W Jr`."""
    given = " ".join(part for part in (person["fore_name"], person["middle_name"], person["suffix"]) if part)
    return ", ".join(part for part in (person["last_name"], given) if part)


def minute_of(row: Row) -> str:
    """A date of the History as `2002/10/10 04:00`; what it does not give counts as the first."""
    year, month, day = (row[column] or "1" for column in ("year", "month", "day"))
    hour, minute = (row[column] or "0" for column in ("hour", "minute"))
    return f"{year:0>4}/{month:0>2}/{day:0>2} {hour:0>2}:{minute:0>2}"


def pub_date(record: Record) -> str:
    """The date of publication as NLM prints it: `2002 Sep 4`, `1998 Spring`, or the MedlineDate; '' if none."""
    row = record.date_row
    if not row["pub_date_year"]:
        return row["medline_date"] or ""
    return print_date(*(row[f"pub_date_{part}"] for part in ("year", "season", "month", "day")))


def print_date(year: str, season: str | None, month: str | None, day: str | None) -> str:
    """A date as NLM prints it."""
    if month and MONTH_OR_DAY.fullmatch(month) and int(month) <= 12:
        month = MONTH_NAMES[int(month)]
    return " ".join(part for part in (year, season, month, (day or "").lstrip("0")) if part)


def source_line(record: Record) -> str:
    """Where it was published: `Brief Bioinform. 2002 Sep;3(3):296-302. doi: 10.1093/bib/3.3.296.`, as far as known."""
    printed = pub_date(record)
    issue = f"({record.text('issue')})" if record.text("issue") else ""
    pages = f":{record.text('medline_pgn')}" if record.text("medline_pgn") else ""
    where = f"{record.volume}{issue}{pages}"
    publisher = record.book["publisher_name"] or "" if record.book else ""
    doi = f"doi: {record.text('doi')}" if record.text("doi") else ""
    dates = [row for row in record.rows("citation_date") if row["date_kind"] == "ArticleDate" and row["year"]]
    epub = print_date(*(dates[0][part] for part in ("year", "season", "month", "day"))) if dates else ""
    parts = (
        (record.journal or publisher).rstrip("."),
        f"{printed};{where}" if where else printed,
        doi,
        f"Epub {epub}" if epub and epub != printed else "",
    )
    return " ".join(f"{part}." for part in parts if part)
