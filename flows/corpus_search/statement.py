"""A search in PubMed's language as SQL over the corpus, with its translation in PubMed's words.

Each clause says what finds its citations; operators join clauses to one condition on the marks that they leave.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

import duckdb

from flows.corpus_search import places
from flows.corpus_search.clauses import (
    Context,
    Line,
    Statement,
    write_heading,
    write_name,
    write_pmids,
    write_range,
    write_value,
    write_words,
)
from flows.corpus_search.mapping import Mapped, map_untagged, runs_of
from flows.corpus_search.marks import NOTHING, Found, Pmids, join
from flows.corpus_search.rarest import find_rarest
from flows.corpus_search.sources import Selection
from flows.corpus_search.vocabulary import (
    Heading,
    find_below,
    find_headings,
    find_journals,
    has_mesh,
    spaced,
    split_words,
)
from transforms.pubmed_fields import BY_NAME, Field
from transforms.pubmed_query import Clause, Earlier, Group, Node, Query, Range, parse_query
from warehouse.current import literal
from warehouse.errors import SearchError

# Clauses of one search; the longest published strategies have some hundred.
MOST_CLAUSES = 2_000
# Titles and affiliations that are pasted in have a few thousand characters; of PMIDs there may be many in a row.
LONGEST_PART = 5_000
# Numbers without a field are PMIDs, unless they look like a year.
PMIDS = re.compile(r"(?:\d{1,18}[\s,]+)*\d{1,18}")
YEAR = re.compile(r"(?:1[89]|20)\d\d")
# Fields whose clauses NCBI lists among its translations even if they are named.
TRANSLATED = ("MESH", "MAJR", "JOUR", "PTYP")
HEADINGS = (BY_NAME["MESH"], BY_NAME["MAJR"])
SUBHEADING, PUBLICATION_TYPE = BY_NAME["SUBH"], BY_NAME["PTYP"]


def write_statement(
    con: duckdb.DuckDBPyConnection,
    text: str,
    *,
    today: date,
    earlier: Collection[int] = (),
    is_forgiving: bool = False,
    is_by_clause: bool = False,
) -> Statement:
    """A search as SQL.

    Args:
        con: The corpus.
        text: In PubMed's language.
        today: What `last 5 years` ends with.
        earlier: Keys of earlier searches that it may name; their PMIDs are in tables `earlier_1` ...
        is_forgiving: Pass over fields that are not there, and let what cannot be answered find nothing, as NCBI does.
        is_by_clause: Tell what each clause finds as well, by the conditions of its lines; takes longer.
    Raises:
        SearchError: It cannot be understood, or asks for what the corpus does not have; says which part.
    """
    query = parse_query(text)
    if not is_forgiving:
        refuse_unknown(query)
    # PMIDs are looked up together, and are no words.
    clauses = [clause for clause in clauses_of(query.root) if not names_pmids(clause)]
    refuse_excess(clauses)
    untagged = [c.text for c in clauses if is_mapped(c)]
    # `neoplasms/drug therapy` is a heading with a qualifier, unless all of it is a heading.
    named = {clause.text for clause in clauses if clause.field and clause.field.kind == "mesh"}
    heads = {part for text in named for part in (text, text.rpartition("/")[0]) if part}
    tails = {part for text in named for part in (text, text.rpartition("/")[2])}
    headings, qualifiers = find_headings(con, {*heads, *tails, *runs_of(untagged)})
    context = Context(
        con=con,
        today=today,
        statement=Statement(notes=[f"{note}." for note in query.notes]),
        words=split_words(con, {clause.text for clause in clauses}),
        headings=headings,
        qualifiers=qualifiers,
        mapped=map_untagged(con, untagged, headings),
        has_mesh=has_mesh(con),
        journals=find_journals(con, {c.text for c in clauses if c.field is places.JOURNAL}),
        earlier=earlier,
        is_forgiving=is_forgiving,
        is_by_clause=is_by_clause,
    )
    context.below |= find_below(con, listed_headings(clauses, context))
    found, words_said = write_group(query.root, context)
    statement, whole = context.statement, context.marks.any_of(found)
    conditions = [whole, *context.of_clauses]
    first = None if is_by_clause else find_rarest(con, whole.parts)
    statement.steps = context.marks.steps(conditions, first)
    statement.sql = f"{statement.steps}SELECT pmid FROM marked WHERE {whole.exactly}"
    statement.translation = words_said
    return statement


def listed_headings(clauses: Collection[Clause], context: Context) -> list[Heading]:
    """The types of publication and qualifiers that clauses name, of which those below are listed one by one."""
    named = ((clause, context.qualifiers if clause.field is SUBHEADING else context.headings) for clause in clauses)
    found = (
        headings.get(spaced(clause.text))
        for clause, headings in named
        if clause.field in (SUBHEADING, PUBLICATION_TYPE) and clause.is_exploded and not clause.is_truncated
    )
    return list(dict.fromkeys(heading for heading in found if heading))


def names_pmids(clause: Clause) -> bool:
    """Whether a clause is a PMID, or several."""
    if clause.field is None:
        return is_mapped(clause) and bool(PMIDS.fullmatch(clause.text)) and not YEAR.fullmatch(clause.text)
    return clause.field is places.UID


def refuse_excess(clauses: Collection[Clause]) -> None:
    """See that no search takes all time or memory.

    Raises:
        SearchError: It has too many clauses, or one that is too long.
    """
    if len(clauses) > MOST_CLAUSES:
        raise SearchError(f"The search has {len(clauses):,} clauses; {MOST_CLAUSES:,} is the most: split it.")
    for clause in clauses:
        if len(clause.text) > LONGEST_PART:
            raise SearchError(
                f"A part of the search has more than {LONGEST_PART:,} characters; it begins {clause.text[:20]!r}."
            )


def refuse_unknown(query: Query) -> None:
    """See that every field is one of PubMed's, and one that the corpus can answer.

    Raises:
        SearchError: Names the first that is not.
    """
    for node in query.unknown_tags:
        raise SearchError(f"[{node.tag}] at character {node.place} is no field of PubMed; write [tiab], [mh], [dp] ...")


def clauses_of(group: Group) -> Iterator[Clause]:
    """The clauses of a tree that are words or values."""
    for _, node in group.parts:
        if isinstance(node, Group):
            yield from clauses_of(node)
        elif isinstance(node, Clause):
            yield node


def is_mapped(clause: Clause) -> bool:
    """Whether PubMed would look a clause up as a heading, journal or author before it searches its words."""
    return clause.field is None and not (clause.is_quoted or clause.is_truncated or "-" in clause.text)


def write_group(group: Group, context: Context) -> tuple[list[Found], str]:
    """Clauses joined operator by operator from the left: what finds them, and the translation."""
    said: list[str] = []
    parts: list[tuple[str, list[Found]]] = []
    for number, (operator, node) in enumerate(part for part in group.parts if is_searched(part[1], context)):
        is_excluded = context.is_excluded or operator == "NOT"
        found, words = write_node(node, replace(context, is_excluded=is_excluded))
        if (
            isinstance(node, Clause)
            and is_mapped(node)
            and "] " in words
            and (len(group.parts) > 1 or operator == "NOT")
        ):
            words = f"({words})"
        said += [words] if number == 0 and operator != "NOT" else [operator, words]
        # Neighbours under OR are looked up together.
        if operator == "OR" and parts and parts[-1][0] in ("OR", ""):
            parts[-1][1].extend(found)
        else:
            parts.append(("" if number == 0 and operator != "NOT" else operator, list(found)))
    if len(parts) == 1 and parts[0][0] != "NOT":
        return parts[0][1], " ".join(said)
    if not parts:
        return [NOTHING], ""
    return [join([(operator, context.marks.any_of(found)) for operator, found in parts])], " ".join(said)


def is_searched(node: Node, context: Context) -> bool:
    """Whether a part of a search is searched; otherwise it is left out.

    Left out is what has no letter or digit in it, which is noted, and where NCBI is forgiving, a heading that is not in
    MeSH: then it is a line that finds nothing.
    """
    if isinstance(node, Group):
        return any(is_searched(part, context) for _, part in node.parts)
    if not isinstance(node, Clause):
        return True
    if not context.words.get(node.text, [""]):
        context.note(f"{node.text!r} at character {node.place} has no word in it and was left out.")
        return False
    if context.is_forgiving and is_unknown_heading(node, context):
        line = Line(node.place, asked_as(node), NOTHING.exactly, node, context.is_excluded)
        if line not in context.statement.lines:
            context.statement.lines.append(line)
        return False
    return True


def is_unknown_heading(clause: Clause, context: Context) -> bool:
    """Whether a clause names a heading that neither MeSH nor, as a former one, a citation has."""
    if clause.field not in HEADINGS or clause.is_truncated or not context.has_mesh or "/" in clause.text:
        return False
    if spaced(clause.text) in context.headings:
        return False
    former = "SELECT 1 FROM program.article_mesh WHERE lower(descriptor_name) = $1 LIMIT 1"
    return not context.con.execute(former, [clause.text.lower()]).fetchall()


def write_node(node: Node, context: Context) -> tuple[list[Found], str]:
    """What finds a part of a search, and its translation.

    Raises:
        SearchError: The corpus cannot answer it.
    """
    if isinstance(node, Group):
        found, words = write_group(node, context)
        return found, f"({words})"
    if isinstance(node, Earlier):
        if node.key not in context.earlier:
            if context.is_forgiving:
                raise SearchError(f"Unable to obtain query #{node.key}")
            raise SearchError(
                f"#{node.key} at character {node.place} names an earlier search that is not known; write it out."
            )
        return [Selection(f"SELECT pmid FROM earlier_{node.key}")], f"#{node.key}"
    try:
        found, words = write_clause(node, context) if isinstance(node, Clause) else one(write_range(node, context))
    except SearchError:
        if not context.is_forgiving:
            raise
        found, words = [NOTHING], asked_as(node)
    return note_line(node, found, words, context), words


def note_line(node: Clause | Range, found: list[Found], words: str, context: Context) -> list[Found]:
    """Add a clause to the lines of the statement; what finds it from now on."""
    if not context.is_by_clause:
        context.statement.lines.append(Line(node.place, words, "", node, context.is_excluded))
        return found
    condition = context.marks.any_of(found)
    context.of_clauses.append(condition)
    context.statement.lines.append(Line(node.place, words, condition.exactly, node, context.is_excluded))
    # Of PMIDs there may be thousands, which stay together.
    return found if all(isinstance(part, Pmids) for part in found) else [condition]


def one(found: tuple[Found, str]) -> tuple[list[Found], str]:
    """A single thing that finds citations, as a list."""
    return [found[0]], found[1]


def asked_as(node: Clause | Range) -> str:
    """A clause or a range as it was asked, quotes and spaces apart."""
    tag = f"[{node.tag}]" if node.tag else ""
    return f"{node.first}:{node.last}{tag}" if isinstance(node, Range) else f"{node.text}{'*' * node.is_truncated}{tag}"


def write_clause(clause: Clause, context: Context) -> tuple[list[Found], str]:
    """A clause.

    Raises:
        SearchError: The corpus cannot answer it.
    """
    if clause.field in (None, places.ALL) and clause.text.lower() in places.FILTER_WORDS:
        clause = replace(clause, field=places.FILTER)
    if context.is_forgiving and clause.tag and (clause.field is None or not places.is_answered(clause.field)):
        context.statement.fields_not_found.append(clause.tag)
        clause = replace(clause, field=places.ALL)
    if clause.field is None and names_pmids(clause):
        return one(write_pmids(clause))
    if is_mapped(clause):
        sql, words = write_mapped(context.mapped[clause.text], context)
        if words != f'"{clause.text.lower()}"[{places.ALL.full_name}]':
            context.statement.translations.append((clause.text, words))
        return sql, words
    search_field = clause.field or places.ALL
    if not places.is_answered(search_field):
        raise SearchError(
            f"[{clause.tag}] at character {clause.place}: the corpus does not have {search_field.full_name}; "
            "leave it out."
        )
    found = write_field(clause, search_field, context)
    if search_field.name in TRANSLATED and not (clause.is_quoted or clause.is_truncated):
        context.statement.translations.append((asked_as(clause), found[1]))
    return found


def write_field(clause: Clause, search_field: Field, context: Context) -> tuple[list[Found], str]:
    """A clause in a field that the corpus has.

    Raises:
        SearchError: It is no value of that field.
    """
    found: tuple[Found, str]
    match search_field.kind:
        case "words":
            found = write_words(clause, search_field, context)
        case "name":
            found = write_name(clause, search_field, context)
        case "mesh":
            return write_heading(clause, search_field, context)
        case "date":
            found = write_range(Range(clause.text, clause.text, search_field, clause.tag, clause.place), context)
        case "uid":
            found = write_pmids(clause)
        case "filter":
            return write_subset(clause, context)
        case _:
            return write_value(clause, search_field, context)
    return one(found)


def write_mapped(mapped: Mapped, context: Context) -> tuple[list[Found], str]:
    """Words that were looked up as headings, journals and authors before their words."""
    for sentence in mapped.notes:
        context.note(sentence)
    context.headings.update({spaced(heading.name): heading for heading in mapped.headings})
    groups: list[list[Found]] = []
    said: list[str] = []
    for alternatives in mapped.parts:
        written = [write_group(Group(tuple(("AND", clause) for clause in clauses)), silent(context))
                   for clauses in alternatives]  # fmt: skip
        groups.append([part for found, _ in written for part in found])
        words = [f"({said})" if len(clauses) > 1 else said
                 for (_, said), clauses in zip(written, alternatives, strict=True)]  # fmt: skip
        joined = " OR ".join(words)
        said.append(f"({joined})" if len(words) > 1 and len(mapped.parts) > 1 else joined)
    if len(groups) < 2:
        return groups[0] if groups else [NOTHING], " AND ".join(said)
    return [join([("AND", context.marks.any_of(found)) for found in groups])], " AND ".join(said)


def silent(context: Context) -> Context:
    """The same context, whose clauses are no lines of the search."""
    return replace(context, statement=replace(context.statement, lines=[]), is_by_clause=False)


def write_subset(clause: Clause, context: Context) -> tuple[list[Found], str]:
    """A subset by its name.

    Raises:
        SearchError: The corpus does not know it.
    """
    name = " ".join(clause.text.lower().split())
    name = places.SUBSET_NAMES.get(name, name)
    searched = places.SEARCHES.get(places.SEARCH_NAMES.get(name, name))
    said = f"{name}[{places.ALL.full_name if name in places.FILTER_WORDS[1:] else places.FILTER.full_name}]"
    if searched:
        query = parse_query(searched)
        part = replace(silent(context), words=split_words(context.con, {c.text for c in clauses_of(query.root)}))
        part.headings |= find_headings(context.con, {c.text for c in clauses_of(query.root)})[0]
        return write_group(query.root, part)[0], said
    if name in places.SUBSETS:
        return [Selection(places.SUBSETS[name])], said
    if (subset := name.removeprefix("jsubset")) in places.CITATION_SUBSETS:
        return [Selection(f"SELECT pmid FROM citation_subset WHERE lower(citation_subset) = {literal(subset)}")], said
    raise SearchError(
        f"{clause.text!r} at character {clause.place} is a subset that the corpus cannot tell; leave it out. It knows "
        f"{', '.join([*places.SUBSETS, *places.SEARCHES])}."
    )
