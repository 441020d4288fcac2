"""Records as text: the tagged MEDLINE format, and the abstract format.

Page: https://www.nlm.nih.gov/bsd/mms/medlineelements.html
"""

import textwrap
from collections.abc import Iterator

from flows.eutils_server.record_fields import day_of
from flows.eutils_server.summary import Element, Summary, first, read_summary
from transforms.values import text_of

WIDTH = 80
# The tag of each kind of comment or correction.
COMMENT_TAGS = {
    "CommentIn": "CIN", "CommentOn": "CON", "CorrectedandRepublishedIn": "CRI", "CorrectedandRepublishedFrom": "CRF",
    "ErratumIn": "EIN", "ErratumFor": "EFR", "ExpressionOfConcernIn": "ECI", "ExpressionOfConcernFor": "ECF",
    "OriginalReportIn": "ORI", "PartialRetractionIn": "PRIN", "PartialRetractionOf": "PROF", "RepublishedFrom": "RPF",
    "RepublishedIn": "RPI", "RetractedandRepublishedIn": "RRI", "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN", "RetractionOf": "ROF", "SummaryForPatientsIn": "SPIN", "UpdateIn": "UIN",
    "UpdateOf": "UOF", "AssociatedDataset": "DDIN", "AssociatedPublication": "DRIN",
}  # fmt: skip


def medline_text(element: Element, _order: int) -> str:
    """A record in the MEDLINE format."""
    lines = []
    for name, value in medline_fields(element, read_summary(element)):
        if name and value:
            prefix = f"{name:<4}- "
            # A word longer than a line, such as a URL, is not broken.
            lines.append(
                textwrap.fill(
                    value,
                    WIDTH + len(prefix),
                    initial_indent=prefix,
                    subsequent_indent=" " * len(prefix),
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    return "\n".join(lines) + "\n"


def medline_fields(element: Element, summary: Summary) -> Iterator[tuple[str, str]]:
    """The tags of a record with their values, in NLM's order; '' where it says nothing."""
    citation = next(element.iter("MedlineCitation"), None)
    yield "PMID", str(summary.pmid)
    yield "OWN", (citation.get("Owner") or "NLM") if citation is not None else "NLM"
    yield "STAT", summary.status
    for name, tag in (("DCOM", "DateCompleted"), ("LR", "DateRevised")):
        yield name, digits_of(next(element.iter(tag), None))
    for issn in element.iter("ISSN", "ISSNLinking"):
        kind = issn.get("IssnType") or "Linking"
        yield "IS", f"{text_of(issn)} ({kind})"
    yield "VI", summary.volume
    yield "IP", summary.issue
    yield "DP", summary.pub_date
    yield "TI", summary.title
    yield "PG", summary.pages
    for location in element.iter("ELocationID"):
        yield "LID", f"{text_of(location)} [{location.get('EIdType')}]"
    yield "AB", abstract_of(element, " ")
    yield "CI", first(element, "CopyrightInformation")
    yield from author_fields(element)
    yield from publication_fields(element, summary)
    yield from subject_fields(element)
    yield "COIS", first(element, "CoiStatement")
    yield from history_fields(summary)
    yield "PST", first(element, "PublicationStatus")
    yield "SO", source_line(summary)


def publication_fields(element: Element, summary: Summary) -> Iterator[tuple[str, str]]:
    """LA to SB: how and by whom it was published, and what it is linked to."""
    for language in summary.languages:
        yield "LA", language
    for bank in element.iter("DataBank"):
        for accession in bank.iter("AccessionNumber"):
            yield "SI", f"{first(bank, 'DataBankName')}/{text_of(accession)}"
    for grant in element.iter("Grant"):
        yield "GR", "/".join(text for tag in ("GrantID", "Acronym", "Agency", "Country") if (text := first(grant, tag)))
    for kind in element.iter("PublicationType"):
        yield "PT", text_of(kind)
    yield "TT", first(element, "VernacularTitle")
    yield "DEP", digits_of(next(element.iter("ArticleDate"), None))
    country = element.find(".//MedlineJournalInfo/Country")
    yield "PL", text_of(country) if country is not None else summary.book.get("PublisherLocation", "")
    yield "TA", summary.source
    yield "JT", summary.full_journal_name
    yield "JID", summary.nlm_unique_id


def subject_fields(element: Element) -> Iterator[tuple[str, str]]:
    """RN to OT: what it is about, and what was said of it."""
    for chemical in element.iter("Chemical"):
        yield "RN", f"{first(chemical, 'RegistryNumber')} ({first(chemical, 'NameOfSubstance')})"
    for subset in element.iter("CitationSubset"):
        yield "SB", text_of(subset)
    for comment in element.iter("CommentsCorrections"):
        pmid = first(comment, "PMID")
        name = COMMENT_TAGS.get(comment.get("RefType") or "", "")
        yield name, first(comment, "RefSource") + (f". PMID: {pmid}" if pmid else "")
    for heading in element.iter("MeshHeading"):
        yield "MH", "/".join(("*" if e.get("MajorTopicYN") == "Y" else "") + text_of(e) for e in heading)
    for keywords in element.iter("KeywordList"):
        yield "OTO", keywords.get("Owner") or ""
    for keyword in element.iter("Keyword"):
        yield "OT", ("*" if keyword.get("MajorTopicYN") == "Y" else "") + text_of(keyword)


def history_fields(summary: Summary) -> Iterator[tuple[str, str]]:
    """EDAT to AID: its dates, and its identifiers."""
    when = dict(reversed(summary.history))
    yield "EDAT", when.get("pubmed") or when.get("entrez", "")
    yield "MHDA", when.get("medline", "")
    yield "CRDT", when.get("entrez") or when.get("pubmed", "")
    for status, at in summary.history:
        yield "PHST", f"{at} [{status}]"
    for kind, value in summary.article_ids:
        if kind == "pmc":
            yield "PMC", value
        elif kind not in ("pubmed", "rid", "eid", "pmcid"):
            yield "AID", f"{value} [{kind}]"


def author_fields(element: Element) -> Iterator[tuple[str, str]]:
    """FAU, AU, AUID and AD of each author, CN of a collective."""
    for author in element.iterfind(".//AuthorList/Author"):
        if author.find("CollectiveName") is not None:
            yield "CN", first(author, "CollectiveName")
            continue
        last, fore, initials, suffix = (
            author.findtext(name) or "" for name in ("LastName", "ForeName", "Initials", "Suffix")
        )
        yield "FAU", ", ".join(part for part in (last, f"{fore} {suffix}".strip()) if part)
        yield "AU", " ".join(part for part in (last, initials, suffix) if part)
        for identifier in author.iterfind("Identifier"):
            yield "AUID", f"{identifier.get('Source')}: {text_of(identifier)}"
        for affiliation in author.iter("Affiliation"):
            yield "AD", text_of(affiliation)


def abstract_text(element: Element, order: int) -> str:
    """A record in the abstract format.

    Args:
        element: The record.
        order: Its number in the reply, from 1.
    """
    summary = read_summary(element)
    parts = [f"{order}. {source_line(summary)}", summary.title]
    affiliations: dict[str, int] = {}
    names = []
    for author in element.iterfind(".//AuthorList/Author"):
        own = {affiliations.setdefault(text_of(e), len(affiliations) + 1) for e in author.iter("Affiliation")}
        names.append(f"({')('.join(map(str, sorted(own)))})" if own else "")
    parts.append(", ".join(f"{name}{marks}" for (name, _), marks in zip(summary.authors, names, strict=True)))
    parts[-1] += "." if parts[-1] else ""
    blocks = [wrapped(part) for part in parts if part]
    if affiliations:
        told = "\n".join(wrapped(f"({number}){text}") for text, number in affiliations.items())
        blocks.append(f"Author information:\n{told}")
    if abstract := abstract_of(element, "\n"):
        blocks.append("\n".join(wrapped(section) for section in abstract.split("\n")))
    if owner := first(element, "CopyrightInformation"):
        blocks.append(wrapped(owner))
    ids = dict(summary.article_ids)
    lines = [f"{name}: {ids[kind]}" for name, kind in (("DOI", "doi"), ("PMCID", "pmc")) if ids.get(kind)]
    indexed = "  [Indexed for MEDLINE]" if summary.status == "MEDLINE" else ""
    blocks.append("\n".join([*lines, f"PMID: {summary.pmid}{indexed}"]))
    return "\n\n".join(blocks) + "\n\n"


def wrapped(text: str) -> str:
    """A paragraph in lines of 80."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def abstract_of(element: Element, between: str) -> str:
    """The sections of the main abstract, labels before their text."""
    sections = []
    for e in element.iterfind(".//Abstract/AbstractText"):
        label = e.get("Label")
        sections.append(f"{label}: {text_of(e)}" if label else text_of(e))
    return between.join(section for section in sections if section)


def source_line(summary: Summary) -> str:
    """Where it was published: `Brief Bioinform. 2002 Sep;3(3):296-302. doi: 10.1093/bib/3.3.296.`, as far as known."""
    journal = (summary.source or summary.book.get("PublisherName", "")).rstrip(".")
    doi = f"doi: {summary.doi}" if summary.doi else ""
    epub = f"Epub {summary.epub_date}" if summary.epub_date and summary.epub_date != summary.pub_date else ""
    return " ".join(f"{part}." for part in (journal, summary.so, doi, epub) if part)


def digits_of(element: Element | None) -> str:
    """A day as YYYYMMDD; '' if there is none."""
    day = None if element is None else day_of(element)
    return str(day) if day else ""
