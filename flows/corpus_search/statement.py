"""A search in PubMed's language as SQL over the corpus, with its translation in PubMed's words.

Each clause becomes a query for PMIDs; operators join them step by step, each step a CTE, so that a strategy of hundreds
of words is one flat statement. Neighbouring words under OR that are looked up in the same fields are one look-up.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

import duckdb

from flows.corpus_search import places
from flows.corpus_search.clauses import (
    NOTHING,
    Context,
    Found,
    Line,
    Lookup,
    Phrase,
    Pmids,
    Statement,
    look_for_phrases,
    look_up,
    write_heading,
    write_name,
    write_pmids,
    write_range,
    write_value,
    write_words,
)
from flows.corpus_search.mapping import Mapped, map_untagged
from flows.corpus_search.vocabulary import find_headings, find_journals, has_mesh, listed, spaced, split_words
from transforms.pubmed_fields import Field
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


def write_statement(
    con: duckdb.DuckDBPyConnection,
    text: str,
    *,
    today: date,
    earlier: Collection[int] = (),
    is_forgiving: bool = False,
) -> Statement:
    """A search as SQL.

    Args:
        con: The corpus.
        text: In PubMed's language.
        today: What `last 5 years` ends with.
        earlier: Keys of earlier searches that it may name; their PMIDs are in tables `earlier_1` ...
        is_forgiving: Pass over fields that are not there, and let what cannot be answered find nothing, as NCBI does.
    Raises:
        SearchError: It cannot be understood, or asks for what the corpus does not have; says which part.
    """
    query = parse_query(text)
    if not is_forgiving:
        refuse_unknown(query)
    # PMIDs are looked up together, and are no words.
    clauses = [clause for clause in clauses_of(query.root) if not names_pmids(clause)]
    refuse_excess(clauses)
    texts = {clause.text for clause in clauses}
    heads = {part for text in texts for part in (text, text.rpartition("/")[0])}
    context = Context(
        con=con,
        today=today,
        statement=Statement(notes=[f"{note}." for note in query.notes]),
        words=split_words(con, texts),
        headings=find_headings(con, {head for head in heads if head}, "descriptor"),
        qualifiers=find_headings(con, {t for text in texts for t in (text, text.rpartition("/")[2])}, "qualifier"),
        mapped=map_untagged(con, [c.text for c in clauses if is_mapped(c)]),
        has_mesh=has_mesh(con),
        journals=find_journals(con, {c.text for c in clauses if c.field is places.JOURNAL}),
        earlier=earlier,
        is_forgiving=is_forgiving,
    )
    sql, words = write_group(query.root, context)
    steps = "".join(f"step_{n} AS ({step}),\n" for n, step in enumerate(context.steps, 1)).removesuffix(",\n")
    context.statement.steps = f"WITH {steps}\n" if steps else ""
    context.statement.sql = f"{context.statement.steps}SELECT DISTINCT pmid FROM ({sql})"
    context.statement.translation = words
    return context.statement


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


def write_group(group: Group, context: Context) -> tuple[str, str]:
    """Clauses joined operator by operator from the left: the query and the translation."""
    sql = ""
    said: list[str] = []
    waiting: list[Found] = []
    for number, (operator, node) in enumerate(part for part in group.parts if has_words(part[1], context)):
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
        if number == 0 and operator != "NOT":
            waiting = [found]
        elif operator == "OR":
            waiting.append(found)
        else:
            sql = any_of(waiting, context) if waiting else "SELECT pmid FROM citation"
            join = "SEMI" if operator == "AND" else "ANTI"
            sql = context.step(f"SELECT pmid FROM ({sql}) {join} JOIN ({any_of([found], context)}) USING (pmid)")
            waiting = [sql]
    return any_of(waiting or [NOTHING], context), " ".join(said)


def has_words(node: Node, context: Context) -> bool:
    """Whether a part of a search has a letter or digit in it; otherwise it is left out, which is noted."""
    if isinstance(node, Group):
        return any(has_words(part, context) for _, part in node.parts)
    if not isinstance(node, Clause) or context.words.get(node.text, [""]):
        return True
    context.note(f"{node.text!r} at character {node.place} has no word in it and was left out.")
    return False


def any_of(parts: list[Found], context: Context) -> str:
    """A query for the PMIDs that any of some queries and look-ups find."""
    words: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        if isinstance(part, Lookup):
            words.setdefault(part.fields, []).append(part.word)
    queries = [part for part in parts if isinstance(part, str)]
    if pmids := {pmid for part in parts if isinstance(part, Pmids) for pmid in part.pmids}:
        queries.append(f"SELECT pmid FROM citation WHERE pmid IN ({', '.join(map(str, pmids))})")
    phrases: dict[tuple[str, ...], list[Phrase]] = {}
    for part in parts:
        if isinstance(part, Phrase):
            phrases.setdefault(part.fields, []).append(part)
    queries += [look_for_phrases(fields, found) for fields, found in phrases.items()]
    queries += [look_up(fields, f"word IN {listed(dict.fromkeys(looked))}") for fields, looked in words.items()]
    return queries[0] if len(queries) == 1 else context.step(" UNION ".join(queries))


def write_node(node: Node, context: Context) -> tuple[Found, str]:
    """What a part of a search finds, and its translation.

    Raises:
        SearchError: The corpus cannot answer it.
    """
    if isinstance(node, Group):
        sql, words = write_group(node, context)
        return sql, f"({words})"
    if isinstance(node, Earlier):
        if node.key not in context.earlier:
            if context.is_forgiving:
                raise SearchError(f"Unable to obtain query #{node.key}")
            raise SearchError(
                f"#{node.key} at character {node.place} names an earlier search, but there is none; write it out."
            )
        return f"SELECT pmid FROM earlier_{node.key}", f"#{node.key}"
    found: Found
    try:
        if isinstance(node, Clause):
            found, words = write_clause(node, context)
        else:
            found, words = write_range(node, context)
    except SearchError:
        if not context.is_forgiving:
            raise
        found, words = NOTHING, asked_as(node)
    sql = any_of([found], context)
    context.statement.lines.append(Line(node.place, words, sql, node, context.is_excluded))
    return found, words


def asked_as(node: Clause | Range) -> str:
    """A clause or a range as it was asked, quotes and spaces apart."""
    tag = f"[{node.tag}]" if node.tag else ""
    return f"{node.first}:{node.last}{tag}" if isinstance(node, Range) else f"{node.text}{'*' * node.is_truncated}{tag}"


def write_clause(clause: Clause, context: Context) -> tuple[Found, str]:
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
        return write_pmids(clause)
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


def write_field(clause: Clause, search_field: Field, context: Context) -> tuple[Found, str]:
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
            found = write_heading(clause, search_field, context)
        case "date":
            found = write_range(Range(clause.text, clause.text, search_field, clause.tag, clause.place), context)
        case "uid":
            found = write_pmids(clause)
        case "filter":
            found = write_subset(clause, context)
        case _:
            found = write_value(clause, search_field, context)
    return found


def write_mapped(mapped: Mapped, context: Context) -> tuple[str, str]:
    """Words that were looked up as headings, journals and authors before their words."""
    for sentence in mapped.notes:
        context.note(sentence)
    context.headings.update({spaced(heading.name): heading for heading in mapped.headings})
    groups: list[str] = []
    said: list[str] = []
    for alternatives in mapped.parts:
        written = [write_group(Group(tuple(("AND", clause) for clause in clauses)), silent(context))
                   for clauses in alternatives]  # fmt: skip
        groups.append(any_of([sql for sql, _ in written], context))
        words = [f"({said})" if len(clauses) > 1 else said
                 for (_, said), clauses in zip(written, alternatives, strict=True)]  # fmt: skip
        joined = " OR ".join(words)
        said.append(f"({joined})" if len(words) > 1 and len(mapped.parts) > 1 else joined)
    if not groups:
        return NOTHING, ""
    sql = groups[0]
    for other in groups[1:]:
        sql = context.step(f"SELECT pmid FROM ({sql}) SEMI JOIN ({other}) USING (pmid)")
    return sql, " AND ".join(said)


def silent(context: Context) -> Context:
    """The same context, whose clauses are no lines of the search."""
    return replace(context, statement=replace(context.statement, lines=[]))


def write_subset(clause: Clause, context: Context) -> tuple[str, str]:
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
        part.headings |= find_headings(context.con, {c.text for c in clauses_of(query.root)}, "descriptor")
        return write_group(query.root, part)[0], said
    if name in places.SUBSETS:
        return places.SUBSETS[name], said
    if (subset := name.removeprefix("jsubset")) in places.CITATION_SUBSETS:
        return f"SELECT pmid FROM citation_subset WHERE lower(citation_subset) = {literal(subset)}", said
    raise SearchError(
        f"{clause.text!r} at character {clause.place} is a subset that the corpus cannot tell; leave it out. It knows "
        f"{', '.join([*places.SUBSETS, *places.SEARCHES])}."
    )
