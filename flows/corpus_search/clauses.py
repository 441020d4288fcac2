"""The clauses of a search as queries for PMIDs, each with its translation in PubMed's words."""

import re
from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from flows.corpus_search import places
from flows.corpus_search.mapping import Mapped
from flows.corpus_search.marks import NOTHING, Condition, Found, Marks, Phrase, Pmids
from flows.corpus_search.sources import Descriptor, Selection, Value, Word, begun_by
from flows.corpus_search.texts import APART, LETTER
from flows.corpus_search.vocabulary import Heading, find_below, is_plain, spaced, spaced_sql, split_words, stop_words
from transforms.pubmed_fields import BY_NAME, Field
from transforms.pubmed_query import Clause, Range
from transforms.values import normal_doi
from warehouse.current import literal
from warehouse.errors import SearchError

# Behind the last word of a phrase.
END = f"($|{APART})"
# RE2 refuses patterns in which more than some hundred words may stand between two.
MOST_REPEATED = 50


@dataclass(frozen=True)
class Line:
    """A clause as it was translated.

    Attributes:
        place: Of its first character, from 1.
        translation: In PubMed's words.
        condition: What its citations meet in relation `marked`; '' if clauses are not told apart.
        asked: What was asked.
        is_excluded: It follows a NOT.
    """

    place: int
    translation: str
    condition: str
    asked: Clause | Range
    is_excluded: bool = False


@dataclass
class Statement:
    """A search as SQL.

    Attributes:
        steps: The CTEs that it begins with; the last one is `marked`, in which each clause is a condition.
        sql: A query for its PMIDs, each once.
        translation: The search as it was understood, in PubMed's words.
        lines: Its clauses, in order.
        notes: Sentences about what was read or searched otherwise than PubMed might.
        translations: (as asked, as translated) of clauses that were looked up as something else.
        fields_not_found: Fields that are not PubMed's, or not in the corpus, and were skipped.
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
        is_forgiving: What the corpus cannot answer finds nothing, as at NCBI, instead of raising.
        is_by_clause: Neighbouring clauses under OR are told apart.
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
    is_by_clause: bool = False
    marks: Marks = field(default_factory=Marks)
    of_clauses: list[Condition] = field(default_factory=list)
    below: dict[Heading, list[str]] = field(default_factory=dict)

    def uis_below(self, heading: Heading) -> list[str]:
        """The identifiers of a record and of those below it in the tree."""
        if heading not in self.below:
            self.below |= find_below(self.con, [heading])
        return self.below[heading]

    def note(self, sentence: str) -> None:
        """Note something, once."""
        if sentence not in self.statement.notes:
            self.statement.notes.append(sentence)


def write_words(clause: Clause, search_field: Field, context: Context) -> tuple[Found, str]:
    """Words of the index: one, one truncated, or several near each other."""
    fields = places.INDEX_FIELDS[search_field.name]
    words = context.words.get(clause.text) or split_words(context.con, [clause.text])[clause.text]
    star = "*" if clause.is_truncated else ""
    distance = f":~{clause.distance}" if clause.distance is not None else ""
    said = f'"{clause.text.lower()}{star}"[{search_field.full_name}{distance}]'
    if not words:
        return NOTHING, said
    parts = [Word(fields, word) for word in words[:-1]] + [Word(fields, words[-1], clause.is_truncated)]
    if len(parts) == 1:
        return parts[0], said
    # Words in nearly all citations narrow little; if a phrase has others, these are looked for in the texts alone.
    telling = tuple(part for part in parts if part.word not in stop_words())
    candidates = telling or tuple(parts)
    if clause.distance is not None:
        return Phrase(candidates, *near(words, clause.distance)), said
    end = "" if clause.is_truncated else END
    usual = "" if telling or clause.is_truncated else f" {' '.join(words)} "
    return Phrase(candidates, f"{APART}+".join(words) + end, usual=usual), said


def near(words: Sequence[str], distance: int) -> tuple[str, str]:
    """How words near each other are found in a text, in any order.

    Args:
        words: The words, folded.
        distance: The most other words that may stand among them.
    Returns:
        A regular expression and '', or '' and an SQL condition on `words`, the words of a text.
    """
    different = list(dict.fromkeys(words))
    if len(different) == len(words) == 2 and distance <= MOST_REPEATED:
        between = f"({APART}+{LETTER}+){{0,{distance}}}{APART}+"
        return "|".join(f"{one}{between}{two}{END}" for one, two in (words, reversed(words))), ""
    asked = f"[{', '.join(map(literal, different))}]"
    width = len(words) + distance
    return (
        "",
        f"""list_bool_or(list_transform(
        list_filter(range(1, len(words) + 1), lambda i: list_contains({asked}, words[i])),
        lambda i: list_has_all(words[i : i + {width - 1}], {asked})))""",
    )


def write_name(clause: Clause, search_field: Field, context: Context) -> tuple[Selection, str]:
    """A person's name: last name and initials, which more may follow unless it is quoted; or a full name."""
    words = context.words.get(clause.text) or split_words(context.con, [clause.text])[clause.text]
    text = " ".join(words)
    # PubMed omits the quotes if further initials may follow; with them, none may.
    quote = '"' if clause.is_quoted or clause.is_truncated else ""
    said = f"{quote}{clause.text.lower()}{'*' * clause.is_truncated}{quote}[{search_field.full_name}]"
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
    if not words:
        return Selection("SELECT pmid FROM citation WHERE false"), said
    # Only names on citations that have its first word are compared, not all there are.
    first = begun_by(text) if len(words) == 1 and clause.is_truncated else f"word = {literal(words[0])}"
    named = f"pmid IN (SELECT unnest(pmids) FROM program.posting_list WHERE field = 'name' AND {first})"
    tables = [
        f"SELECT pmid FROM {t} WHERE {named} AND {where} AND {test}"
        for t, where in places.NAME_TABLES[search_field.name]
    ]
    return Selection(" UNION ALL ".join(tables)), said


def write_value(clause: Clause, search_field: Field, context: Context) -> tuple[list[Found], str]:
    """A value that is compared as a whole."""
    text = clause.text.lower()
    if search_field.name == "JOUR" and not clause.is_truncated:
        text = context.journals.get(spaced(text), text).lower()
    if search_field.name == "LANG":
        text = places.LANGUAGES.get(text, text)
    doi = normal_doi(text) if search_field.name in places.DOI_FIELDS else None
    text = doi or text
    said = f'"{text}{"*" * clause.is_truncated}"[{search_field.full_name}]'
    if doi:
        found = f"starts_with(normal_doi, {literal(doi)})" if clause.is_truncated else f"normal_doi = {literal(doi)}"
        return [Selection(f"SELECT pmid FROM citation_doi WHERE {found}")], said
    asked = folded(context.con, text)
    columns = places.VALUE_COLUMNS[search_field.name]
    compare = "starts_with(search_fold({}), {})" if clause.is_truncated else "search_fold({}) = {}"
    if search_field is places.JOURNAL:
        # A journal is looked up among the names of journals, of which there are few.
        return [
            Selection(
                f"SELECT pmid FROM citation SEMI JOIN (SELECT DISTINCT {column} FROM journal_name WHERE "
                f"{compare.format(column, literal(asked))}) USING ({column})"
            )
            for _, column in columns
        ], said
    if clause.is_truncated:
        queries = (f"SELECT pmid FROM {table} WHERE {compare.format(col, literal(asked))}" for table, col in columns)
        return [Selection(" UNION ALL ".join(queries))], said
    # The longest word is the rarest, mostly.
    words = context.words.get(clause.text, []) if search_field.name in places.INDEXED else []
    word = max(words, key=len, default="")
    return [Value(table, f"search_fold({column})", asked, word=word) for table, column in columns], said


def folded(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """A text as macro search_fold has it, which takes DuckDB longer to read than most texts need."""
    if is_plain(text):
        return text.lower()
    ((found,),) = con.execute("SELECT search_fold($1)", [text]).fetchall()
    return str(found)


def below(heading: Heading, *, is_exploded: bool) -> str:
    """A condition on an identifier: a heading and, exploded, those below it in the tree."""
    if not is_exploded:
        return f"= {literal(heading.ui)}"
    return f"IN (SELECT below_ui FROM program.mesh_below WHERE mesh_ui = {literal(heading.ui)})"


def named_as(column: str, name: str) -> str:
    """A condition on a column of names; hyphens and `&` do not count."""
    return f"{spaced_sql(column)} = {literal(spaced(name))}"


def write_heading(clause: Clause, search_field: Field, context: Context) -> tuple[list[Found], str]:
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
        context.note("MeSH is not in the corpus, so no heading was exploded; run `corpus mesh`.")
    elif whole is None and not clause.is_truncated:
        context.note(f"MeSH in the corpus has no {clause.text!r}: it was searched as it stands, and was not exploded.")
    is_major = "is_major" if search_field.name == "MAJR" else ""
    text = literal(clause.text.lower())
    names = {
        "SUBH": ("mesh_heading", "qualifier_ui", "qualifier_name"),
        "PTYP": ("publication_type", "publication_type_ui", "publication_type"),
    }
    table, ui, column = names.get(search_field.name, ("program.article_mesh", "descriptor_ui", "descriptor_name"))
    if search_field.name == "PAPX":
        acting = (
            f"action_ui {below(whole, is_exploded=clause.is_exploded)}" if whole else f"lower(action_name) = {text}"
        )
        acts = f"SELECT mesh_ui FROM mesh_pharmacological_action WHERE {acting}"
        acting = f"SELECT pmid FROM substance WHERE substance_ui IN ({acts})"
        acting = f"{acting} UNION ALL SELECT pmid FROM program.article_mesh WHERE descriptor_ui IN ({acts})"
        return [Selection(acting)], said
    if clause.is_truncated:
        is_major = f" AND {is_major}" if is_major else ""
        query = f"SELECT pmid FROM {table} WHERE starts_with(lower({column}), {text}){is_major}"
        return [Selection(query)], said
    if whole is None:
        return [Value(table, spaced_sql(column), spaced(clause.text), is_major)], said
    if search_field.name not in names:
        return [Descriptor(whole, clause.is_exploded, search_field.name == "MAJR")], said
    # Records from before 2012 have names only; some publishers' records have an empty identifier.
    unnamed = Value(table, spaced_sql(column), spaced(name), f"coalesce({ui}, '') = ''")
    uis = context.uis_below(whole) if clause.is_exploded else [whole.ui]
    return [*(Value(table, ui, found) for found in uis), unnamed], said


def write_pair(clause: Clause, head: str, tail: str, search_field: Field, context: Context) -> tuple[list[Found], str]:
    """A heading with a qualifier, `neoplasms/drug therapy`."""
    heading, qualifier = context.headings.get(spaced(head)), context.qualifiers.get(spaced(tail))
    named = f"{heading.name if heading else head}/{qualifier.name if qualifier else tail}".lower()
    if heading is None or qualifier is None:
        missing = head if heading is None else tail
        context.note(f"MeSH in the corpus has no {missing!r}: it was searched as it stands, and was not exploded.")
    one = below(heading, is_exploded=clause.is_exploded) if heading else ""
    two = below(qualifier, is_exploded=clause.is_exploded) if qualifier else ""
    tests = [
        f"descriptor_ui {one}" if heading else named_as("descriptor_name", head),
        f"qualifier_ui {two}" if qualifier else named_as("qualifier_name", tail),
    ]
    if search_field.name == "MAJR":
        tests.append("(coalesce(is_descriptor_major, false) OR coalesce(is_qualifier_major, false))")
    said = f'"{named}"[{search_field.full_name}{"" if clause.is_exploded else ":noexp"}]'
    return [Selection(f"SELECT pmid FROM mesh_heading WHERE {' AND '.join(tests)}")], said


def write_pmids(clause: Clause) -> tuple[Pmids, str]:
    """One PMID, or several.

    Raises:
        SearchError: One is not a number.
    """
    pmids = re.split(r"[\s,]+", clause.text.strip())
    for pmid in pmids:
        if not pmid.isdecimal() or len(pmid) > 18:
            raise SearchError(f"{pmid!r} at character {clause.place} is not a PMID; write digits.")
    return Pmids(tuple(map(int, pmids))), f"{' '.join(pmids)}[UID]"


def write_range(node: Range, context: Context) -> tuple[Selection, str]:
    """A range of dates or PMIDs; without a field, of dates of publication if it looks like them.

    Raises:
        SearchError: An end is not a date or not a PMID.
    """
    search_field = node.field or BY_NAME["PDAT"]
    if search_field.kind == "uid":
        if not (node.first.isdecimal() and node.last.isdecimal() and len(node.first + node.last) <= 36):
            raise SearchError(f"{node.first}:{node.last} at character {node.place} is not a PMID range; write digits.")
        between = f"pmid BETWEEN {int(node.first)} AND {int(node.last)}"
        return Selection(f"SELECT pmid FROM citation WHERE {between}"), f"{node.first}:{node.last}[UID]"
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
    dated = places.DAYS[search_field.name].replace(places.YEARS, f"{low // 10_000} AND {high // 10_000}")
    selection = Selection(f"SELECT pmid FROM ({dated}) WHERE day BETWEEN {low} AND {high}")
    return selection, f"{slashed(low)}:{slashed(high)}[{search_field.full_name}]"


def day_at(text: str, place: int, *, is_end: bool) -> int:
    """The first or last day, as YYYYMMDD, of a date that may lack day or month.

    Raises:
        SearchError: It is not a date.
    """
    found = re.fullmatch(r"(\d{4})(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?", text.strip())
    if found:
        year, month = int(found[1]), int(found[2] or (12 if is_end else 1))
        day = int(found[3] or (31 if is_end else 1))
        if year and 1 <= month <= 12 and 1 <= day <= 31:
            # The last day of a month is not always a 31st.
            return year * 10_000 + month * 100 + min(day, monthrange(year, month)[1])
    raise SearchError(f"{text!r} at character {place} is not a date; write 2020, 2020/01 or 2020/01/31.")


def slashed(day: int) -> str:
    """A day YYYYMMDD as PubMed writes it."""
    return f"{day // 10_000:04}/{day // 100 % 100:02}/{day % 100:02}"
