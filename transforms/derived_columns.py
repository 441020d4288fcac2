"""The columns that follow from others: dates, the one DOI, the whole abstract, whether a paper is retracted."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.column_tables import Made
from transforms.columns import INSIDE, NOTHING, TABLE_NUMBERS, Columns, Values, place
from transforms.elements import clean
from transforms.numpy_reading import Flags, Positions, Strings
from transforms.record_columns import count_within
from transforms.record_paths import NODE_OF_PATH
from transforms.value_columns import are_orcids, to_pmids
from transforms.values import first_year, normal_orcid, to_date, to_pmid
from warehouse.schema.abstract import ABSTRACT_SECTION
from warehouse.schema.citation import CITATION

RETRACTED_PUBLICATION = "D016441"
RETRACTED_IN = ("RetractionIn", "RetractedandRepublishedIn")

# The position of a text that no element has.
ABSENT = -2

# Columns of a citation, and of a book.
PUB_DATE_PARTS = ("pub_date_year", "pub_date_month", "pub_date_day", "medline_date")

# The elements whose markup is kept, by node, and where.
WITH_MARKUP = {
    NODE_OF_PATH[path]: place(table.name, column)
    for table, column, paths in (
        (CITATION, "article_title_xml", next(c.paths for c in CITATION.columns if c.name == "article_title")),
        (ABSTRACT_SECTION, "section_xml", tuple(ABSTRACT_SECTION.rows.split(" | "))),
    )
    for path in paths
}

# Few distinct dates occur.
date_of = lru_cache(maxsize=100_000)(to_date)
year_of = lru_cache(maxsize=10_000)(first_year)


def derive_values(columns: Columns) -> None:
    """Fill in the columns of texts and numbers that follow from others."""
    number_sections(columns)
    for person in ("author", "investigator"):
        derive_orcids(columns, person)
    derive_cited_ids(columns)
    derive_ids(columns)
    derive_markup(columns)


def texts_of(columns: Columns, strings: Strings, table: str, column: str) -> pa.StringArray:
    """A column of text."""
    return strings.take(columns.column(*place(table, column)))


def derive_dates(columns: Columns, strings: Strings, is_book: Flags) -> Made:
    """HISTORY_DATE, CITATION_DATE, CITATION: dates, where all parts are there, and the year of publication.

    Args:
        columns: As read.
        strings: All strings.
        is_book: Of each record, whether it is a book.
    """
    made: Made = {}
    for table, column in (("history_date", "history_date"), ("citation_date", "citation_date")):
        parts = [columns.column(*place(table, part)) for part in ("year", "month", "day")]
        made[place(table, column)] = dates_of(columns, strings, parts)
    published = [columns.column(*place("citation", part)) for part in PUB_DATE_PARTS]
    if is_book.any():
        book = [columns.column(*place("book", part)) for part in PUB_DATE_PARTS]
        published = [np.where(is_book, b, c) for b, c in zip(book, published, strict=True)]
    year, month, day, medline = published
    made[place("citation", "pub_date")] = dates_of(columns, strings, [year, month, day])
    years = numbers_of(columns, year, 4)
    is_other = years < 1000
    others = map_different(year_of, [strings.take(year[is_other]), strings.take(medline[is_other])], pa.int16())
    made[place("citation", "pub_year")] = pc.replace_with_mask(pa.array(years, pa.int16()), pa.array(is_other), others)
    dates = made[place("citation_date", "citation_date")]
    kinds = columns.column(*place("citation_date", "date_kind"))
    for column, kind in (("date_revised", "DateRevised"), ("date_completed", "DateCompleted")):
        rows = np.flatnonzero(kinds == columns.positions.get(kind, ABSENT))
        of_record = np.full(len(columns.records), NOTHING)
        of_record[columns.record_of[TABLE_NUMBERS["citation_date"]][rows]] = rows
        made[place("citation", column)] = dates.take(pa.array(of_record, mask=of_record == NOTHING))
    return made


def dates_of(columns: Columns, strings: Strings, parts: Sequence[Values]) -> pa.Array:
    """The dates of rows with a year, a month and a day; null if they make none, as in `to_date`."""
    year, month, day = (numbers_of(columns, part, digits) for part, digits in zip(parts, (4, 2, 2), strict=True))
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    dates = months.astype("M8[D]") + (day - 1)
    is_date = (year >= 1000) & (month >= 1) & (month <= 12) & (day >= 1) & (dates.astype("M8[M]") == months)
    made = pa.array(dates.astype(np.int64), mask=~is_date).cast(pa.int32()).cast(pa.date32())
    # Months can have names.
    is_other = (np.minimum(np.minimum(year, month), day) == NOTHING) & (np.min(parts, axis=0) != NOTHING)
    others = map_different(date_of, [strings.take(part[is_other]) for part in parts], pa.date32())
    return pc.replace_with_mask(made, pa.array(is_other), others)


def numbers_of(columns: Columns, texts: Values, digits: int) -> npt.NDArray[np.int64]:
    """The numbers that some strings of the chunk are, of so many ASCII digits at most; NOTHING for any other."""
    elements, own = columns.elements, np.flatnonzero(is_own(columns, texts))
    marks = np.frombuffer(elements.xml, np.uint8)
    firsts = elements.offsets[texts[own]]
    sizes = elements.offsets[texts[own] + 1] - firsts
    numbers, is_number = np.zeros(len(own), np.int64), (sizes >= 1) & (sizes <= digits)
    for place_in in range(digits):
        is_there = place_in < sizes
        digit = marks[np.minimum(firsts + place_in, len(marks) - 1)].astype(np.int64) - ord("0")
        numbers = np.where(is_there, 10 * numbers + digit, numbers)
        is_number &= ~is_there | ((digit >= 0) & (digit <= 9))
    found = np.full(len(texts), NOTHING)
    found[own[is_number]] = numbers[is_number]
    return found


def map_different(of: Callable[..., object], parts: Sequence[pa.StringArray], type_: pa.DataType) -> pa.Array:
    """A column made of texts, each different combination once."""
    if not len(parts[0]):
        return pa.array([], type_)
    codes = np.zeros(len(parts[0]), np.int64)
    dictionaries = []
    for part in parts:
        encoded = part.dictionary_encode("encode")
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy(zero_copy_only=False)
        dictionaries.append(encoded.dictionary.to_pylist())
    different, which = different_codes(codes, math.prod(map(len, dictionaries)))
    made = [
        of(*(dictionary[position] for dictionary, position in zip(dictionaries, positions, strict=True)))
        for positions in zip(*np.unravel_index(different, [len(d) for d in dictionaries]), strict=True)
    ]
    return pa.array(made, type_).take(pa.array(which))


def different_codes(codes: Positions, bound: int) -> tuple[Positions, Positions]:
    """The different ones of some numbers below a bound, in order, and which of them each number is."""
    if bound > 4 * len(codes):
        return np.unique(codes, return_inverse=True)
    is_found = np.zeros(bound, bool)
    is_found[codes] = True
    return np.flatnonzero(is_found), (np.cumsum(is_found) - 1)[codes]


def number_sections(columns: Columns) -> None:
    """ABSTRACT_SECTION: the position of each section among those of its kind and language."""
    table = TABLE_NUMBERS["abstract_section"]
    record = columns.record_of[table]
    if not len(record):
        return
    kind = columns.column(*place("abstract_section", "abstract_kind"))
    language = columns.column(*place("abstract_section", "language"))
    many = len(columns.elements.offsets) + len(columns.texts)
    groups = np.unique((record * many + kind + 1) * many + language + 1, return_inverse=True)[1]
    order = np.argsort(groups, kind="stable")
    positions = np.empty(len(groups), np.int64)
    positions[order] = count_within(groups[order]) + 1
    columns.values[place("abstract_section", "section_order")] = positions


def derive_orcids(columns: Columns, person: str) -> None:
    """AUTHOR_IDENTIFIER and AUTHOR, or the same of investigators: ORCIDs in one form."""
    identifiers = TABLE_NUMBERS[f"{person}_identifier"]
    if not len(columns.rows[identifiers]):
        return
    source = columns.column(*place(f"{person}_identifier", "identifier_source"))
    verbatim = columns.column(*place(f"{person}_identifier", "identifier"))
    orcid = columns.column(*place(f"{person}_identifier", "orcid"))
    persons = columns.column(*place(person, "orcid"))
    owners = columns.row[columns.elements.parent[columns.rows[identifiers]]]
    others = [of for of in np.unique(source).tolist() if of != NOTHING and columns.text_at(of).upper() != "ORCID"]
    is_wanted = ~np.isin(source, others)
    own = np.flatnonzero(is_wanted & is_own(columns, verbatim))
    texts = columns.elements.strings.take(pa.array(verbatim[own]))
    is_plain = are_orcids(texts)
    orcid[own[is_plain]] = verbatim[own[is_plain]]
    # What most of the others are; the last characters of a text need not be those of an ORCID.
    is_address = pc.match_substring_regex(texts, "^https?://orcid[.]org/[0-9X-]{19}$").to_numpy(zero_copy_only=False)
    ends = pc.utf8_slice_codeunits(texts.filter(pa.array(is_address)), -19)
    is_good = are_orcids(ends)
    addresses = own[is_address][is_good]
    orcid[addresses] = [columns.add_text(text) for text in ends.filter(pa.array(is_good)).to_pylist()]
    is_wanted[own[is_plain]] = is_wanted[addresses] = False
    for row in np.flatnonzero(is_wanted).tolist():
        normal = normal_orcid(columns.text_at(verbatim[row]))
        if normal is not None:
            orcid[row] = columns.add_text(normal)
    given = np.flatnonzero(orcid != NOTHING)
    put_first(persons, owners[given], orcid[given])


def is_own(columns: Columns, texts: Positions) -> Flags:
    """Of some texts, whether each is in the chunk as it is."""
    return (texts >= 0) & (texts < len(columns.elements.offsets) - 1)


def derive_cited_ids(columns: Columns) -> None:
    """CITED_REFERENCE: of each kind of identifier the first."""
    table = TABLE_NUMBERS["cited_article_id"]
    if not len(columns.rows[table]):
        return
    reference = columns.row[columns.up(columns.rows[table], 2)]
    kind = columns.column(*place("cited_article_id", "id_type"))
    text = columns.column(*place("cited_article_id", "article_id"))
    empty = columns.positions.get("", NOTHING)
    is_pmid = (kind == NOTHING) | (kind == columns.positions.get("pubmed", ABSENT))
    pmids = pmids_of(columns, text[is_pmid])
    put_first(columns.column(*place("cited_reference", "cited_pmid")), reference[is_pmid][pmids > 0], pmids[pmids > 0])
    for column, id_type in (("cited_doi", "doi"), ("cited_pmc_id", "pmc")):
        if id_type in columns.positions:
            wanted = (kind == columns.positions[id_type]) & (text != empty)
            put_first(columns.column(*place("cited_reference", column)), reference[wanted], text[wanted])


def pmids_of(columns: Columns, texts: Positions) -> Positions:
    """The PMIDs that some texts are; 0 for one that is none."""
    plain = is_own(columns, texts)
    pmids = np.zeros(len(texts), np.int64)
    pmids[plain] = to_pmids(columns.elements.strings.take(pa.array(texts[plain])))
    pmids[~plain] = [to_pmid(columns.text_at(text)) or 0 for text in texts[~plain].tolist()]
    return pmids


def put_first(values: np.ndarray, rows: Positions, given: Positions) -> None:
    """Put values into rows, of several for a row the first."""
    values[rows[::-1]] = given[::-1]


def derive_ids(columns: Columns) -> None:
    """CITATION: the one identifier of a kind: the first of the own list, else of the valid, else of the invalid."""
    own, locations = TABLE_NUMBERS["article_id"], TABLE_NUMBERS["elocation_id"]
    empty = columns.positions.get("", NOTHING)
    own_type = columns.column(*place("article_id", "id_type"))
    own_text = columns.column(*place("article_id", "article_id"))
    location_type = columns.column(*place("elocation_id", "eid_type"))
    location_text = columns.column(*place("elocation_id", "elocation_id"))
    is_invalid = columns.column(*place("elocation_id", "is_valid")) == 0
    for column, id_type in (("doi", "doi"), ("pii", "pii"), ("pmc_id", "pmc")):
        if id_type not in columns.positions:
            continue
        wanted = columns.positions[id_type]
        chosen = columns.column(*place("citation", column))
        of_location = (location_type == wanted) & (location_text != empty)
        for rows in (of_location & is_invalid, of_location & ~is_invalid):
            put_first(chosen, columns.record_of[locations][rows], location_text[rows])
        rows = (own_type == wanted) & (own_text != empty)
        put_first(chosen, columns.record_of[own][rows], own_text[rows])


def derive_abstract(columns: Columns, strings: Strings) -> Made:
    """CITATION: the sections of the main abstract in order, one a line, with their labels."""
    table = TABLE_NUMBERS["abstract_section"]
    kind = columns.column(*place("abstract_section", "abstract_kind"))
    label = columns.column(*place("abstract_section", "label"))
    text = columns.column(*place("abstract_section", "section_text"))
    empty = columns.positions.get("", NOTHING)
    rows = np.flatnonzero((kind == columns.positions.get("main", ABSENT)) & (text != empty))
    record = columns.record_of[table][rows]
    abstract = np.full(len(columns.records), NOTHING)
    is_labelled = (label[rows] != NOTHING) & (label[rows] != empty)
    is_alone = np.bincount(record, minlength=len(abstract))[record] == 1
    plain = is_alone & ~is_labelled
    abstract[record[plain]] = text[rows[plain]]
    whole = strings.take(abstract)
    if plain.all():
        return {place("citation", "abstract"): whole}
    rows, record = rows[~plain], record[~plain]
    lines = strings.take(text[rows])
    labels = strings.take(np.where(is_labelled[~plain], label[rows], NOTHING))
    lines = pc.coalesce(pc.binary_join_element_wise(labels, lines, ": "), lines)
    of, firsts = np.unique(record, return_index=True)
    lists = pa.ListArray.from_arrays(pa.array(np.append(firsts, len(rows)), pa.int32()), lines)
    is_joined = np.zeros(len(abstract), bool)
    is_joined[of] = True
    return {
        place("citation", "abstract"): pc.replace_with_mask(whole, pa.array(is_joined), pc.binary_join(lists, "\n"))
    }


def derive_markup(columns: Columns) -> None:
    """CITATION, ABSTRACT_SECTION: titles and sections as the XML has them, where tags give numbers their meaning."""
    elements, node = columns.elements, columns.node
    is_telling = np.array([tag.name in ("sub", "sup") or tag.name.startswith("mml:") for tag in elements.start_tags])
    holders = columns.of(INSIDE)
    holders = holders[is_telling[elements.code[holders]]]
    while (is_inner := node[holders] == INSIDE).any():
        holders[is_inner] = elements.parent[holders[is_inner]]
    for holder in np.unique(holders).tolist():
        if (number := int(node[holder])) in WITH_MARKUP:
            table, column = WITH_MARKUP[number]
            row = columns.row[holder] if table == TABLE_NUMBERS["abstract_section"] else columns.record[holder]
            first, last = elements.offsets[2 * elements.tag[holder] + 2], elements.offsets[2 * elements.end[holder] + 1]
            columns.column(table, column)[row] = columns.add_text(clean(elements.xml[first:last].decode()))


def derive_retracted(columns: Columns, strings: Strings) -> None:
    """CITATION: whether the paper is retracted, by its type or by a tie to the notice; never true for the notice."""
    types, ties = TABLE_NUMBERS["publication_type"], TABLE_NUMBERS["comment_correction"]
    retracted = columns.column(*place("citation", "is_retracted"))
    retracted[:] = 0
    by_ui = columns.column(*place("publication_type", "publication_type_ui"))
    names = texts_of(columns, strings, "publication_type", "publication_type")
    is_named = pc.equal(names, "Retracted Publication").to_numpy(zero_copy_only=False)
    ref_type = columns.column(*place("comment_correction", "ref_type"))
    for rows, record in (
        (is_named, columns.record_of[types]),
        (by_ui == columns.positions.get(RETRACTED_PUBLICATION, ABSENT), columns.record_of[types]),
        *((ref_type == columns.positions.get(tie, ABSENT), columns.record_of[ties]) for tie in RETRACTED_IN),
    ):
        retracted[record[rows]] = 1
