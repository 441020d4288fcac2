"""Exports read back by readers that know nothing of this project, and what a record's XML says of the same fields."""

import json
import re
from collections.abc import Callable
from typing import Any

import nbib
import rispy
from bibtexparser.entrypoint import parse_string as parse_bibtex
from citeproc.source.json import CiteProcJSON
from lxml import etree
from pybtex.database import Person, parse_string

from flows.exports.record import cited_title, one_line
from transforms.values import text_of

Fields = dict[str, Any]
# What LaTeX sets for these names.
TEX_NAMES = {
    "backslash": "\\", "braceleft": "{", "braceright": "}", "asciitilde": "~", "asciicircum": "^", "less": "<",
    "greater": ">", "bar": "|",
}  # fmt: skip
TEX = re.compile(r"\\text([a-z]+)\{\}|\\([$&%#_])|[{}]")


WIDE = re.compile(r"\s+")
JOURNAL = (".//Journal/Title", ".//MedlineTA", ".//Journal/ISOAbbreviation")


def squeeze(text: str) -> str:
    """A text as line-based readers give it: runs of plain spaces become one."""
    return re.sub("[ \t]+", " ", one_line(text))


def expected(element: etree._Element) -> Fields:
    """What a record says, from its XML alone: of an article, or a chapter with its book."""

    def text(*paths: str) -> str:
        found = (element.find(path) for path in paths)
        return next((value for e in found if e is not None and (value := text_of(e))), "")

    people = [
        (e, a.get("Type"), parent.tag)
        for a in element.iter("AuthorList")
        if (parent := a.getparent()) is not None
        for e in a.iter("Author")
        if e.get("ValidYN") != "N"
    ]
    authors = [e for e, kind, parent in people if kind != "editors" and parent != "Book"] or [
        e for e, kind, _ in people if kind != "editors"
    ]
    title = text(".//ArticleTitle", ".//BookTitle")
    is_chapter = bool(text(".//ArticleTitle") and text(".//BookTitle"))
    if re.fullmatch(r"\[?Not Available\]?\.?|", title, re.IGNORECASE):
        title = text(".//VernacularTitle") or title
    return {
        "title": squeeze(cited_title(title)),
        "authors": [name for e in authors if any(name := name_in(e))],
        "journal": squeeze(text(*([".//BookTitle"] if is_chapter else JOURNAL))),
        "full_journal": squeeze(text(".//Journal/Title")),
        "year": text(".//PubDate/Year") or (re.findall(r"\b\d{4}\b", text(".//PubDate/MedlineDate")) or [""])[0],
        "volume": text(".//JournalIssue/Volume", ".//Book/Volume"),
        "issue": text(".//JournalIssue/Issue"),
        "language": [text_of(e) for e in element.iter("Language")],
        "keywords": [squeeze(text_of(e)) for e in element.iter("Keyword") if text_of(e)],
        "descriptors": list(dict.fromkeys(text_of(e) for e in element.iter("DescriptorName", "Descriptor"))),
        "abstract": squeeze(" ".join(sections_in(element))),
        "verbatim_title": squeeze(text(".//ArticleTitle") or title),
        "headings": [squeeze("/".join(starred(e) for e in heading)) for heading in element.iter("MeshHeading")],
        "doi": doi_in(element),
        "all_authors": [name_in(e) for e, kind, _ in people if kind != "editors" and e.find("LastName") is not None],
        "is_retracted": is_retracted(element),
    }


def is_retracted(element: etree._Element) -> bool:
    """Whether a record says that it is retracted: by its type, or by a tie to its notice."""
    return (
        any(e.text == "Retracted Publication" for e in element.iter("PublicationType"))
        or any(e.get("RefType") == "RetractionIn" for e in element.iter("CommentsCorrections"))
        or next(element.iter("RetractionIn"), None) is not None
    )


def name_in(author: etree._Element) -> tuple[str, str, str]:
    """Family name or group, given names or initials, suffix."""
    parts = {e.tag: squeeze(text_of(e)) for e in author}
    if "CollectiveName" in parts:
        return parts["CollectiveName"], "", ""
    given = " ".join(filter(None, (parts.get("ForeName") or parts.get("FirstName"), parts.get("MiddleName"))))
    return parts.get("LastName", ""), given or parts.get("Initials", ""), parts.get("Suffix", "")


def starred(element: etree._Element) -> str:
    """A descriptor or qualifier, with a star if it is a main point."""
    return ("*" if element.get("MajorTopicYN") == "Y" else "") + text_of(element)


def doi_in(element: etree._Element) -> str:
    """The record's own DOI: of its ArticleIdList, else of its valid, else of any ELocationID."""
    own = [
        text_of(e)
        for path in ("PubmedData", "PubmedBookData", "BookDocument")
        for e in element.iterfind(f"./{path}/ArticleIdList/ArticleId[@IdType='doi']")
    ]
    places = [e for e in element.iter("ELocationID") if e.get("EIdType") == "doi"]
    valid = [text_of(e) for e in places if e.get("ValidYN") != "N"]
    return next((doi for doi in [*own, *valid, *map(text_of, places)] if doi), "")


def sections_in(element: etree._Element) -> list[str]:
    """The sections of the main abstract, with their labels."""
    found = []
    for e in element.iterfind(".//Abstract/AbstractText"):
        label = (e.get("Label") or "").strip()
        found.append(f"{label}: {text_of(e)}".strip() if label else text_of(e))
    return [section for section in found if section]


def read_ris(exported: bytes) -> dict[int, Fields]:
    """As rispy reads it."""
    read = {}
    for entry in rispy.loads(exported.decode()):
        read[int(entry["accession_number"])] = {
            "title": entry.get("title", ""),
            "authors": entry.get("authors", []),
            "journal": entry.get("secondary_title", ""),
            "year": entry.get("year", ""),
            "volume": entry.get("volume", ""),
            "issue": entry.get("number", ""),
            "language": entry.get("language", ""),
            "keywords": entry.get("keywords", []),
            "abstract": entry.get("abstract", ""),
            "is_retracted": "Retracted publication." in entry.get("notes", []),
            "doi": entry.get("doi", ""),
        }
    return read


def read_csl(exported: bytes) -> dict[int, Fields]:
    """As JSON; citeproc-py also takes every item."""
    items = json.loads(exported)
    assert len(CiteProcJSON(items)) == len(items)
    read = {}
    for item in items:
        people = [
            (p.get("literal") or p.get("family", ""), p.get("given", ""), p.get("suffix", ""))
            for p in item.get("author", [])
        ]
        read[int(item["PMID"])] = {
            "title": squeeze(item.get("title", "")),
            "authors": [tuple(map(squeeze, name)) for name in people],
            "journal": squeeze(item.get("container-title", "")),
            "year": str(item.get("issued", {}).get("date-parts", [[""]])[0][0]),
            "volume": item.get("volume", ""),
            "issue": item.get("issue", ""),
            "language": item["language"].split(", ") if "language" in item else [],
            "keywords": squeeze(item.get("keyword", "")),
            "abstract": squeeze(item.get("abstract", "")),
            "is_retracted": item.get("note", "").startswith("Retracted publication."),
            "doi": item.get("DOI", ""),
        }
    return read


def plain(value: str) -> str:
    """A value of BibTeX as TeX sets it."""
    return TEX.sub(lambda found: TEX_NAMES[found[1]] if found[1] else found[2] or "", value)


def read_bibtex(exported: bytes) -> dict[int, Fields]:
    """Fields as bibtexparser reads them, names as pybtex divides them."""
    library = parse_bibtex(exported.decode())
    assert not library.failed_blocks
    people = parse_string(exported.decode(), "bibtex").entries
    read = {}
    for entry in library.entries:
        raw = {name: str(field.value) for name, field in entry.fields_dict.items()}
        fields = {name: plain(value) for name, value in raw.items()}
        read[int(fields["pmid"])] = {
            "title": fields.get("title", ""),
            "authors": [divide(person) for person in people[entry.key].persons.get("author", [])],
            "journal": fields.get("booktitle") or fields.get("journal", ""),
            "year": fields.get("year", ""),
            "volume": fields.get("volume", ""),
            "issue": fields.get("number", ""),
            "language": fields["language"].split(", ") if "language" in fields else [],
            "keywords": fields.get("keywords", ""),
            "abstract": fields.get("abstract", ""),
            "is_retracted": fields.get("note", "").startswith("Retracted publication."),
            "doi": raw.get("doi", ""),
        }
    return read


def divide(person: Person) -> tuple[str, str, str]:
    """Family name or group, given names, suffix."""
    parts = (
        [*person.prelast_names, *person.last_names],
        [*person.first_names, *person.middle_names],
        person.lineage_names,
    )
    last, first, suffix = (plain(" ".join(names)) for names in parts)
    return last, first, suffix


def read_nbib(exported: bytes) -> dict[int, Fields]:
    """As nbib reads it."""
    read = {}
    # nbib knows no PMCID with a version.
    for entry in nbib.read(re.sub(r"(?m)^(PMC - PMC[0-9]+)\.[0-9]+$", r"\1", exported.decode())):
        read[entry["pubmed_id"]] = {
            "title": entry.get("title", ""),
            "authors": [a.get("author") for a in entry.get("authors", [])],
            "journal": entry.get("journal", ""),
            "volume": str(entry.get("journal_volume", "")),
            "issue": str(entry.get("journal_issue", "")),
            "language": entry.get("languages") or [entry["language"]]
            if "language" in entry or "languages" in entry
            else [],
            "keywords": [keyword.removeprefix("*") for keyword in entry.get("keywords", [])],
            "descriptors": list(dict.fromkeys(d["descriptor"] for d in entry.get("descriptors", []))),
            "abstract": WIDE.sub(" ", entry.get("abstract", "")),
        }
    return read


def as_read(format_: str, right: Fields) -> Fields:
    """What a record says in the form in which a format's reader gives it."""
    names = [tuple(filter(None, name)) for name in right["authors"]]
    subjects = [*right["headings"], *right["keywords"]]
    fields = {**right, "keywords": list(dict.fromkeys(subjects))}
    if format_ == "ris":
        return {**fields, "authors": [", ".join(name) for name in names], "language": ", ".join(right["language"])}
    if format_ == "nbib":
        full = [f"{last}, {given} {suffix}".rstrip(", ") for last, given, suffix in right["all_authors"]]
        title, journal = right["verbatim_title"], right["full_journal"]
        # nbib takes wide spaces at line ends as part of the break, and keeps only the last language.
        abstract, language = WIDE.sub(" ", right["abstract"]), right["language"][-1:]
        return {
            **right,
            "authors": full,
            "title": title,
            "journal": journal,
            "abstract": abstract,
            "language": language,
        }
    return {**fields, "keywords": "; ".join(dict.fromkeys(subjects))}


READERS: dict[str, Callable[[bytes], dict[int, Fields]]] = {
    "ris": read_ris,
    "csl-json": read_csl,
    "bibtex": read_bibtex,
    "nbib": read_nbib,
}
