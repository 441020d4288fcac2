"""Files that PubMed and reference managers save, read as entries: a PMID each, or what it can be found by.

Kept libraries read the formats: Biopython MEDLINE, rispy RIS, bibtexparser BibTeX. Records are cut apart before, so
that one that cannot be read is named with its line and costs none of the others.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import bibtexparser.entrypoint
import rispy
from Bio import Medline
from lxml import etree, html

from transforms.seed_entry import DOI, PMC_ID, PUBMED_URL, SeedEntry, parse_entry
from transforms.values import first_year, text_of, to_pmid

# The list of an entry that is a seed itself.
SEED_LIST = "seed"

PMID_NAMED = re.compile(r"\bPMID\s*[:=-]?\s*0*([1-9][0-9]{0,8})(?![0-9])", re.IGNORECASE)
PMID_LINE = re.compile(r"(?m)^\s*PMID\s*:\s*0*([1-9][0-9]{0,8})(?![0-9])(?:\s*\[.*\])?\s*(?:;\s*PMCID.*)?$")
BARE_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
# How a numbered entry of PubMed's Summary or Abstract begins.
NUMBERED = re.compile(r"(?m)^([0-9]{1,5})[.:] (?=\S)")
NBIB_START = re.compile(r"(?m)^PMID- ")
RIS_START = re.compile(r"(?m)^TY  - ")

Found = tuple[int, SeedEntry | str]


def tell_format(text: str) -> str:
    """What a text without a telling name is: nbib, ris, numbered (Summary, Abstract), or '' for anything else."""
    if NBIB_START.match(text.lstrip()):
        return "nbib"
    if RIS_START.match(text.lstrip()):
        return "ris"
    first = NUMBERED.match(text.lstrip())
    return "numbered" if first and first[1] == "1" and PMID_NAMED.search(text) else ""


def tell_markup(text: str) -> str:
    """What a text without a name may be besides: bib, json, html, or csv by its heading; '' for anything else."""
    start = text.lstrip()[:2_000]
    if re.match(r"@[A-Za-z]+\s*[{(]", start):
        return "bib"
    if re.match(r"\[\s*\{|\{\s*\"", start):
        return "json"
    if re.match(r"<(?:!doctype|html|\?xml)", start, re.IGNORECASE):
        return "html"
    return "csv" if re.match(r'"?PMID"?,"?[A-Z]', start) else ""


def read_references(text: str, kind: str) -> tuple[tuple[SeedEntry, ...], list[str]]:
    """The entries of a file, and what is wrong with those that cannot be used.

    Args:
        text: The file, without byte order mark.
        kind: nbib, ris, numbered, csv, bib, json or html.
    Returns:
        Entries in their order, in list `seed`; sentences that begin with `line N: `.
    """
    entries: list[SeedEntry] = []
    problems = []
    for line, found in read_all(text.replace("\r\n", "\n").replace("\r", "\n"), kind):
        if isinstance(found, str):
            problems.append(f"line {line}: {found}")
        elif not (found.pmid or found.doi or found.pmc_id or found.title):
            problems.append(f"line {line}: it has no PMID, DOI, PMCID or title; give it one, or remove it")
        else:
            entries.append(found)
    numbered = [SeedEntry(**{**vars(e), "citation_order": order}) for order, e in enumerate(entries, 1)]
    return tuple(numbered), problems


def read_all(text: str, kind: str) -> Iterator[Found]:
    """What a reader finds; whatever its library stumbles over ends it with a sentence."""
    line = 1
    try:
        for line, found in READERS[kind](text):
            yield line, found
    except Exception as exc:  # noqa: BLE001 - the libraries raise anything at all for what is not of their format
        yield line, f"what follows cannot be read as {kind} ({type(exc).__name__}); save it again, or remove it"


def cut(text: str, start: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """The parts of a text that begin with a pattern, each with its line."""
    starts = [found.start() for found in start.finditer(text)]
    for begin, end in pairwise([*starts, len(text)]):
        yield text.count("\n", 0, begin) + 1, text[begin:end]


def make_entry(text: str, **values: str | int | None) -> SeedEntry:
    """An entry with what a format gives; a DOI is taken without what stands before it."""
    doi = BARE_DOI.search(str(values.pop("doi", None) or ""))
    pmc = PMC_ID.search(str(values.pop("pmc_id", None) or ""))
    title = " ".join(str(values.pop("title", None) or "").split())
    year = first_year(None, str(values.pop("year", None) or ""))
    cleaned: dict[str, Any] = {name: " ".join(str(value).split()) for name, value in values.items() if value}
    if "pmid" in cleaned:
        cleaned["pmid"] = to_pmid(cleaned["pmid"])
    return SeedEntry(
        SEED_LIST,
        1,
        text.strip()[:10_000],
        title=title or None,
        doi=doi[0].rstrip(".,;") if doi else None,
        pmc_id=pmc[1] if pmc else None,
        pub_year=year,
        **cleaned,
    )


def read_nbib(text: str) -> Iterator[Found]:
    """Records of the MEDLINE format."""
    for line, part in cut(text, NBIB_START):
        record: dict[str, Any] = next(iter(Medline.parse(io.StringIO(part))), {})  # type: ignore[no-untyped-call]
        ids = [*record.get("AID", []), record.get("LID", "")]
        yield (
            line,
            make_entry(
                part,
                pmid=record.get("PMID"),
                title=record.get("TI"),
                doi=next((i.removesuffix(" [doi]") for i in ids if i.endswith("[doi]")), None),
                pmc_id=record.get("PMC"),
                journal=record.get("TA"),
                pub_date=record.get("DP"),
                year=record.get("DP"),
                volume=record.get("VI"),
                issue=record.get("IP"),
                pages=record.get("PG"),
                authors=", ".join(record.get("AU", [])),
            ),
        )


def read_ris(text: str) -> Iterator[Found]:
    """Records of RIS; an accession number is a PMID only if the database is PubMed."""
    for line, part in cut(text, RIS_START):
        try:
            record: dict[str, Any] = next(iter(rispy.loads(part if "\nER  -" in part else f"{part}\nER  - \n")), {})
        except Exception:  # noqa: BLE001 - whatever rispy stumbles over, it is this record that cannot be read
            yield line, "the record is not RIS; save it again, or remove it"
            continue
        accession = str(record.get("accession_number", ""))
        database = f"{record.get('name_of_database', '')} {record.get('database_provider', '')}"
        is_pubmed = re.search(r"pubmed|medline|\bnlm\b", database, re.IGNORECASE) and "embase" not in database.lower()
        addresses = " ".join([*record.get("urls", []), str(record.get("url", ""))])
        notes = [
            *record.get("notes", []),
            *(str(record.get(name, "")) for name in ("misc1", "misc2", "notes_abstract")),
        ]
        yield (
            line,
            make_entry(
                part,
                pmid=accession if is_pubmed and to_pmid(accession) else pmid_in(addresses, *notes),
                title=record.get("title") or record.get("primary_title"),
                doi=record.get("doi") or doi_in(addresses),
                pmc_id=record.get("custom2") if str(record.get("custom2", "")).startswith("PMC") else None,
                journal=record.get("alternate_title2") or record.get("secondary_title") or record.get("journal_name"),
                year=record.get("year") or record.get("publication_year") or record.get("date"),
                volume=record.get("volume"),
                issue=record.get("number"),
                pages=record.get("start_page"),
                authors=", ".join(record.get("authors") or record.get("first_authors") or []),
            ),
        )


def read_numbered(text: str) -> Iterator[Found]:
    """Entries of PubMed's Summary and Abstract, numbered from 1."""
    expected = 1
    starts: list[int] = []
    for found in NUMBERED.finditer(text):
        # An abstract can hold numbered lines of its own; the next entry has the next number.
        if int(found[1]) == expected and (expected == 1 or PMID_NAMED.search(text, starts[-1], found.start())):
            starts.append(found.start())
            expected += 1
    for begin, end in pairwise([*starts, len(text)]):
        part = text[begin:end]
        line = text.count("\n", 0, begin) + 1
        if "\n\n" in part.strip():
            named = list(PMID_LINE.finditer(part))
            yield line, make_entry(part, pmid=named[-1][1] if named else None, doi=doi_in(part))
        else:
            entry = NUMBERED.sub("", part.strip(), count=1)
            yield line, parse_entry(entry, list_name=SEED_LIST, citation_order=1)


def read_csv(text: str) -> Iterator[Found]:
    """Rows of a table with a heading: PubMed's CSV, or any with a column PMID, DOI, PMCID or Title."""
    rows = csv.reader(io.StringIO(text))
    head = [re.sub(r"[^a-z]", "", name.lower()) for name in next(rows, [])]
    if not {"pmid", "doi", "pmcid", "title"} & set(head):
        yield 1, "no column is called PMID, DOI, PMCID or Title; name one so"
        return
    for row in rows:
        record = dict(zip(head, row, strict=False))
        if not any(row):
            continue
        if record.get("pmid") and not to_pmid(record["pmid"]):
            yield rows.line_num, f"{record['pmid'][:40]!r} is not a PMID; correct it, or remove the row"
            continue
        yield (
            rows.line_num,
            make_entry(
                ",".join(row),
                pmid=record.get("pmid"),
                title=record.get("title"),
                doi=record.get("doi"),
                pmc_id=record.get("pmcid"),
                journal=record.get("journalbook") or record.get("journal"),
                year=record.get("publicationyear") or record.get("year"),
                authors=record.get("authors"),
            ),
        )


def read_bib(text: str) -> Iterator[Found]:
    """Entries of BibTeX."""
    library = bibtexparser.entrypoint.parse_string(text)
    for failed in library.failed_blocks:
        yield (failed.start_line or 0) + 1, "the entry is not BibTeX; correct it, or remove it"
    for entry in library.entries:
        fields = {name.lower(): re.sub(r"[{}]", "", str(f.value)) for name, f in entry.fields_dict.items()}
        raw = str(entry.raw)
        yield (
            (entry.start_line or 0) + 1,
            make_entry(
                raw,
                pmid=fields.get("pmid") or pmid_in(fields.get("url", ""), fields.get("note", "")),
                title=fields.get("title"),
                doi=fields.get("doi") or doi_in(fields.get("url", "")),
                pmc_id=fields.get("pmcid"),
                journal=fields.get("shortjournal") or fields.get("journal") or fields.get("journaltitle"),
                year=fields.get("year") or fields.get("date"),
                volume=fields.get("volume"),
                issue=fields.get("number"),
                pages=fields.get("pages"),
            ),
        )


def read_json(text: str) -> Iterator[Found]:
    """Items of CSL-JSON: an array, an object, or an object a line."""
    try:
        items = json.loads(text)
    except ValueError as exc:
        yield getattr(exc, "lineno", 1), "it is not JSON; save it again as CSL-JSON"
        return
    for number, item in enumerate(items if isinstance(items, list) else [items], 1):
        if not isinstance(item, dict):
            yield 1, f"item {number} is not a citation of CSL-JSON; remove it"
            continue
        issued = item.get("issued") or {}
        dates = issued.get("date-parts") or [[issued.get("raw") or issued.get("literal") or ""]]
        raw = json.dumps(item, ensure_ascii=False)
        yield (
            1,
            make_entry(
                raw,
                pmid=str(item.get("PMID") or "") or pmid_in(item.get("URL", ""), item.get("note", "")),
                title=item.get("title"),
                doi=item.get("DOI"),
                pmc_id=item.get("PMCID"),
                journal=item.get("container-title-short") or item.get("container-title"),
                year=str(dates[0][0]) if dates and dates[0] else None,
                volume=item.get("volume"),
                issue=item.get("issue"),
                pages=item.get("page"),
            ),
        )


def read_html(text: str) -> Iterator[Found]:
    """PMIDs of a page of PubMed's that a browser saved: of an article its own, of a list of results those listed."""
    try:
        page = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (etree.ParserError, ValueError):
        yield 1, "it is not HTML; save the page again"
        return
    own = [e.get("content") or "" for e in page.iter("meta") if e.get("name") in ("citation_pmid", "ncbi_uidlist")]
    pmids = [p for value in own for part in re.split(r"[,;\s]+", value) if (p := to_pmid(part))]
    if not pmids:
        listed = [e for e in page.iter("span") if "docsum-pmid" in (e.get("class") or "").split()]
        pmids = [p for e in listed if (p := to_pmid(text_of(e)))]
    if not pmids:
        yield 1, "it names no PMID of its own; save an article's page or a list of results of PubMed"
    for pmid in dict.fromkeys(pmids):
        yield 1, make_entry(f"PMID: {pmid}", pmid=pmid)


def pmid_in(*values: object) -> str | None:
    """The PMID that one of some values is: an address of PubMed's, or a line `PMID: 1` by itself.

    A PMID within a sentence is that of another paper: a comment, a retraction.
    """
    for value in values:
        found = PUBMED_URL.search(str(value)) or PMID_LINE.search(str(value))
        if found:
            return found[1]
    return None


def doi_in(text: str) -> str | None:
    """A DOI that a text names, as `doi: 10.1/x` or in an address."""
    found = DOI.search(text)
    return found[1] if found else None


READERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "nbib": read_nbib,
    "ris": read_ris,
    "numbered": read_numbered,
    "csv": read_csv,
    "bib": read_bib,
    "json": read_json,
    "html": read_html,
}
