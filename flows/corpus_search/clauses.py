"""The clauses of a search as queries for PMIDs, each with its translation in PubMed's words."""

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from flows.corpus_search import places
from flows.corpus_search.mapping import Mapped
from flows.corpus_search.vocabulary import Heading, listed, spaced, split_words
from transforms.pubmed_fields import BY_NAME, Field
from transforms.pubmed_query import Clause, Range
from transforms.values import normal_doi
from warehouse.current import literal
from warehouse.errors import SearchError


@dataclass(frozen=True)
class Lookup:
    """A single word in some fields of the index; no field is all of them."""

    fields: tuple[str, ...]
    word: str


@dataclass(frozen=True)
class Phrase:
    """Words side by side in some fields.

    Attributes:
        fields: Of the index; none is all of them.
        candidates: A query for the citations that have all of the words.
        pattern: The regular expression that the phrase, in a folded text, matches.
    """

    fields: tuple[str, ...]
    candidates: str
    pattern: str


@dataclass(frozen=True)
class Pmids:
    """Citations by their PMIDs."""

    pmids: tuple[int, ...]


# What a clause finds: a query for PMIDs, or what can be looked up together with others of its kind.
Found = str | Lookup | Phrase | Pmids
NOTHING = "SELECT pmid FROM citation WHERE false"


@dataclass(frozen=True)
class Line:
    """A clause as it was translated, with the query that finds its PMIDs.

    Attributes:
        place: Of its first character, from 1.
        translation: In PubMed's words.
        sql: A query over the steps of the statement.
        asked: What was asked.
        is_excluded: It follows a NOT.
    """

    place: int
    translation: str
    sql: str
    asked: Clause | Range
    is_excluded: bool = False


@dataclass
class Statement:
    """A search as SQL.

    Attributes:
        steps: The CTEs that queries over its clauses begin with; '' for none.
        sql: A query for its PMIDs, each once.
        translation: The search as it was understood, in PubMed's words.
        lines: Its clauses, in order.
        notes: Sentences about what was read or searched otherwise than PubMed might.
        translations: (as asked, as translated) of clauses that were looked up as something else.
        fields_not_found: Fields that are not PubMed's, or not in the corpus, and were passed over.
    """

    steps: str = ""
    sql: str = ""
    translation: str = ""
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    translations: list[tuple[str, str]] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)


@dataclass
class Context:
    """What the parts of one search share: what was looked up in the corpus, and what was written so far.

    Attributes:
        earlier: Keys of earlier searches; table `earlier_1` has the PMIDs of #1.
        is_forgiving: What the corpus cannot answer finds nothing, as at NCBI, and is no error.
        is_excluded: What is written follows a NOT.
    """

    con: duckdb.DuckDBPyConnection
    today: date
    statement: Statement
    words: dict[str, list[str]]
    headings: dict[str, Heading]
    qualifiers: dict[str, Heading]
    mapped: dict[str, Mapped]
    has_mesh: bool
    journals: dict[str, str]
    earlier: Collection[int] = ()
    is_forgiving: bool = False
    is_excluded: bool = False
    steps: list[str] = field(default_factory=list)

    def step(self, sql: str) -> str:
        """A query as a step of the statement; the query that reads it."""
        self.steps.append(sql)
        return f"SELECT pmid FROM step_{len(self.steps)}"

    def note(self, sentence: str) -> None:
        """Note something, once."""
        if sentence not in self.statement.notes:
            self.statement.notes.append(sentence)


def look_up(fields: tuple[str, ...], condition: str) -> str:
    """A query for the citations that have words in fields of the index."""
    where = f" AND field IN {listed(fields)}" if fields else ""
    return f"SELECT pmid FROM search_index WHERE {condition}{where}"


def write_words(clause: Clause, search_field: Field, context: Context) -> tuple[Found, str]:
    """Words of the index: one, one cut short, or a phrase that is looked for in the texts."""
    fields = places.INDEX_FIELDS[search_field.name]
    words = context.words.get(clause.text) or split_words(context.con, [clause.text])[clause.text]
    star = "*" if clause.is_truncated else ""
    distance = f":~{clause.distance}" if clause.distance is not None else ""
    said = f'"{clause.text.lower()}{star}"[{search_field.full_name}{distance}]'
    if not words:
        return NOTHING, said
    conditions = [f"word = {literal(word)}" for word in words]
    if clause.is_truncated:
        conditions[-1] = f"word >= {literal(words[-1])} AND word < {literal(following(words[-1]))}"
    if len(words) == 1:
        return (look_up(fields, conditions[0]) if clause.is_truncated else Lookup(fields, words[0])), said
    sql = look_up(fields, conditions[0])
    for condition in conditions[1:]:
        sql = f"SELECT pmid FROM ({sql}) SEMI JOIN ({look_up(fields, condition)}) USING (pmid)"
    if clause.distance is None:
        end = "" if clause.is_truncated else r"($|[^\p{L}\p{N}])"
        return Phrase(fields, sql, r"[^\p{L}\p{N}]+".join(words) + end), said
    asked, width = f"[{', '.join(map(literal, dict.fromkeys(words)))}]", len(words) + clause.distance
    near = f"""list_bool_or(list_transform(range(1, len(search_split(text)) + 1),
        lambda i: list_has_all(search_split(text)[i : i + {width - 1}], {asked})))"""
    return in_texts(fields, sql, near), said


def in_texts(fields: tuple[str, ...], candidates: str, condition: str) -> str:
    """A query for those of some citations that have a text in some fields which meets a condition."""
    where = f"field IN {listed(fields)} AND " if fields else ""
    return f"SELECT pmid FROM search_text WHERE {where}pmid IN ({candidates}) AND {condition}"


def look_for_phrases(fields: tuple[str, ...], phrases: list[Phrase]) -> str:
    """A query for the citations that have any of some phrases in fields: their texts are read once for all."""
    candidates = " UNION ALL ".join(phrase.candidates for phrase in phrases)
    pattern = r"(^|[^\p{L}\p{N}])(" + "|".join(phrase.pattern for phrase in phrases) + ")"
    return in_texts(fields, candidates, f"regexp_matches(search_fold(text), {literal(pattern)})")


def following(word: str) -> str:
    """The first text that comes after all that begin with a word."""
    return word[:-1] + chr(ord(word[-1]) + 1)


def write_name(clause: Clause, search_field: Field, context: Context) -> tuple[str, str]:
    """A person's name: last name and initials, of which further ones may follow unless it is quoted; or a full name."""
    words = context.words.get(clause.text) or split_words(context.con, [clause.text])[clause.text]
    text = " ".join(words)
    said = f'"{clause.text.lower()}{"*" if clause.is_truncated else ""}"[{search_field.full_name}]'
    if search_field.name in places.FULL_NAMES:
        test = f"list_has_all(search_split(concat_ws(' ', last_name, fore_name, initials, suffix)), {words!r})"
    else:
        name = "array_to_string(search_split(concat_ws(' ', last_name, initials)), ' ')"
        suffixed = "array_to_string(search_split(concat_ws(' ', last_name, initials, suffix)), ' ')"
        exact = f"({name} = {literal(text)} OR (suffix IS NOT NULL AND {suffixed} = {literal(text)}))"
        longer = f"starts_with({name}, {literal(text)})"
        # A last name alone has any initials; initials may be followed by further ones.
        has_initials = len(words) > 1 and len(words[-1]) <= 2
        open_end = longer if clause.is_truncated or has_initials else f"starts_with({name}, {literal(text + ' ')})"
        test = exact if clause.is_quoted and not clause.is_truncated else f"({exact} OR {open_end})"
    tables = [f"SELECT pmid FROM {t} WHERE {where} AND {test}" for t, where in places.NAME_TABLES[search_field.name]]
    return " UNION ALL ".join(tables), said


def write_value(clause: Clause, search_field: Field, context: Context) -> tuple[str, str]:
    """A value that is compared as a whole."""
    text = clause.text.lower()
    if search_field.name == "JOUR" and not clause.is_truncated:
        text = context.journals.get(spaced(text), text).lower()
    if search_field.name == "LANG":
        text = places.LANGUAGES.get(text, text)
    doi = normal_doi(text) if search_field.name in places.DOI_FIELDS else None
    text = doi or text
    asked = f"search_fold({literal(text)})"
    compare = "starts_with(search_fold({}), {})" if clause.is_truncated else "search_fold({}) = {}"
    queries = [
        f"SELECT pmid FROM {table} WHERE {compare.format(column, asked)}"
        for table, column in places.VALUE_COLUMNS[search_field.name]
    ]
    if doi:
        found = f"starts_with(normal_doi, {literal(doi)})" if clause.is_truncated else f"normal_doi = {literal(doi)}"
        queries = [f"SELECT pmid FROM citation_doi WHERE {found}"]
    return " UNION ALL ".join(queries), f'"{text}{"*" if clause.is_truncated else ""}"[{search_field.full_name}]'


def below(heading: Heading, *, is_exploded: bool) -> str:
    """A condition on an identifier: a heading and, exploded, those below it in the tree."""
    if not is_exploded or not heading.trees:
        return f"= {literal(heading.ui)}"
    tests = " OR ".join(
        f"tree_number = {literal(t)} OR starts_with(tree_number, {literal(t + '.')})" for t in heading.trees
    )
    return f"IN (SELECT mesh_ui FROM mesh_tree_number WHERE {tests})"


def write_heading(clause: Clause, search_field: Field, context: Context) -> tuple[str, str]:
    """A heading with those below it, a qualifier, a pair of both, a type of publication or an action."""
    suffix = "" if clause.is_exploded else ":noexp"
    head, slash, tail = clause.text.rpartition("/")
    headings = context.qualifiers if search_field.name == "SUBH" else context.headings
    whole = headings.get(spaced(clause.text))
    if slash and whole is None and search_field.name in ("MESH", "MAJR"):
        return write_pair(clause, head.strip(), tail.strip(), search_field, context)
    name = whole.name if whole else clause.text
    said = f'"{name.lower()}{"*" if clause.is_truncated else ""}"[{search_field.full_name}{suffix}]'
    if not context.has_mesh:
        context.note("MeSH is not in the corpus, so that no heading was exploded; run `corpus mesh`.")
    elif whole is None and not clause.is_truncated:
        context.note(f"MeSH in the corpus has no {clause.text!r}: it was searched as it stands, and was not exploded.")
    is_major = " AND is_major" if search_field.name == "MAJR" else ""
    text = literal(clause.text.lower())
    names = {
        "SUBH": ("mesh_heading", "qualifier_ui", "qualifier_name"),
        "PTYP": ("publication_type", "publication_type_ui", "publication_type"),
    }
    table, ui, column = names.get(search_field.name, ("article_mesh", "descriptor_ui", "descriptor_name"))
    if search_field.name == "PAPX":
        acting = (
            f"action_ui {below(whole, is_exploded=clause.is_exploded)}" if whole else f"lower(action_name) = {text}"
        )
        acts = f"SELECT mesh_ui FROM mesh_pharmacological_action WHERE {acting}"
        return (
            f"""SELECT pmid FROM substance WHERE substance_ui IN ({acts})
            UNION ALL SELECT pmid FROM article_mesh WHERE descriptor_ui IN ({acts})""",
            said,
        )
    if clause.is_truncated:
        return f"SELECT pmid FROM {table} WHERE starts_with(lower({column}), {text}){is_major}", said
    # Records of before 2012 have names only.
    unnamed = f"SELECT pmid FROM {table} WHERE {ui} IS NULL AND lower({column}) = {literal(name.lower())}{is_major}"
    if whole is None:
        return f"SELECT pmid FROM {table} WHERE lower({column}) = {text}{is_major}", said
    condition = below(whole, is_exploded=clause.is_exploded)
    return f"SELECT pmid FROM {table} WHERE {ui} {condition}{is_major} UNION ALL {unnamed}", said


def write_pair(clause: Clause, head: str, tail: str, search_field: Field, context: Context) -> tuple[str, str]:
    """A heading with a qualifier, `neoplasms/drug therapy`."""
    heading, qualifier = context.headings.get(spaced(head)), context.qualifiers.get(spaced(tail))
    named = f"{heading.name if heading else head}/{qualifier.name if qualifier else tail}".lower()
    if heading is None or qualifier is None:
        missing = head if heading is None else tail
        context.note(f"MeSH in the corpus has no {missing!r}: it was searched as it stands, and was not exploded.")
    one = below(heading, is_exploded=clause.is_exploded) if heading else ""
    two = below(qualifier, is_exploded=clause.is_exploded) if qualifier else ""
    tests = [
        f"descriptor_ui {one}" if heading else f"lower(descriptor_name) = {literal(head.lower())}",
        f"qualifier_ui {two}" if qualifier else f"lower(qualifier_name) = {literal(tail.lower())}",
    ]
    if search_field.name == "MAJR":
        tests.append("(coalesce(is_descriptor_major, false) OR coalesce(is_qualifier_major, false))")
    said = f'"{named}"[{search_field.full_name}{"" if clause.is_exploded else ":noexp"}]'
    return f"SELECT pmid FROM mesh_heading WHERE {' AND '.join(tests)}", said


def write_pmids(clause: Clause) -> tuple[Pmids, str]:
    """One PMID, or several.

    Raises:
        SearchError: One is no number.
    """
    pmids = re.split(r"[\s,]+", clause.text.strip())
    for pmid in pmids:
        if not pmid.isdecimal() or len(pmid) > 18:
            raise SearchError(f"{pmid!r} at character {clause.place} is no PMID; write digits.")
    return Pmids(tuple(map(int, pmids))), f"{' '.join(pmids)}[UID]"


def write_range(node: Range, context: Context) -> tuple[str, str]:
    """A range of dates or PMIDs; without a field, of dates of publication, as far as it looks like them.

    Raises:
        SearchError: An end is no date or no PMID.
    """
    search_field = node.field or BY_NAME["PDAT"]
    if search_field.kind == "uid":
        if not (node.first.isdecimal() and node.last.isdecimal() and len(node.first + node.last) <= 36):
            raise SearchError(f"{node.first}:{node.last} at character {node.place} is no range of PMIDs; write digits.")
        between = f"pmid BETWEEN {int(node.first)} AND {int(node.last)}"
        return f"SELECT pmid FROM citation WHERE {between}", f"{node.first}:{node.last}[UID]"
    if search_field.kind != "date":
        raise SearchError(
            f"{node.first}:{node.last} at character {node.place}: {search_field.full_name} has no ranges."
        )
    last_days = re.fullmatch(r"last (\d{1,4}) (day|month|year)s?", " ".join(node.first.lower().split()))
    if last_days:
        days = int(last_days[1]) * {"day": 1, "month": 30, "year": 365}[last_days[2]]
        first = context.today - timedelta(days=min(days, 400_000))
        low, high = int(f"{first:%Y%m%d}"), 30_001_231
    else:
        low, high = day_at(node.first, node.place, is_end=False), day_at(node.last, node.place, is_end=True)
    sql = f"SELECT pmid FROM ({places.DAYS[search_field.name]}) WHERE day BETWEEN {low} AND {high}"
    return sql, f"{slashed(low)}:{slashed(high)}[{search_field.full_name}]"


def day_at(text: str, place: int, *, is_end: bool) -> int:
    """The first or the last day, as YYYYMMDD, that a date as far as it is given stands for.

    Raises:
        SearchError: It is no date.
    """
    found = re.fullmatch(r"(\d{4})(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?", text.strip())
    if found:
        year, month = int(found[1]), int(found[2] or (12 if is_end else 1))
        day = int(found[3] or (31 if is_end else 1))
        if year and 1 <= month <= 12 and 1 <= day <= 31:
            # The last day of a month is not always a 31st.
            return year * 10_000 + month * 100 + min(day, monthrange(year, month)[1])
    raise SearchError(f"{text!r} at character {place} is no date; write 2020, 2020/01 or 2020/01/31.")


def slashed(day: int) -> str:
    """A day YYYYMMDD as PubMed writes it."""
    return f"{day // 10_000:04}/{day // 100 % 100:02}/{day % 100:02}"
