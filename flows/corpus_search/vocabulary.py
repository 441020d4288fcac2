"""What a search has to look up before it is written as SQL: words, headings, journals and authors of the corpus."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import duckdb

from warehouse.current import literal
from warehouse.sql_files import read_statement

# The most words of one stem that an untagged word is searched as.
MOST_VARIANTS = 40
# The words of an ASCII text, and the longest that is indexed; as macro search_split.
WORDS = re.compile("[a-z0-9]+")
LONGEST_WORD = 64


@dataclass(frozen=True)
class Heading:
    """A record of MeSH that a name stands for: its identifier and its own name."""

    ui: str
    name: str


def listed(values: Collection[str]) -> str:
    """Values as an SQL list in parentheses."""
    return f"({', '.join(map(literal, values))})" if values else "(NULL)"


def has_mesh(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether MeSH is in the corpus."""
    return bool(con.execute("SELECT 1 FROM mesh_descriptor LIMIT 1").fetchall())


def find_headings(
    con: duckdb.DuckDBPyConnection, names: Collection[str]
) -> tuple[dict[str, Heading], dict[str, Heading]]:
    """The descriptors and the qualifiers of MeSH that names stand for, by name in lower case.

    Args:
        con: The corpus.
        names: Names, entry terms or identifiers; compared as `spaced` has them.
    """
    found: dict[str, dict[str, Heading]] = {"descriptor": {}, "qualifier": {}}
    asked = {spaced(name) for name in names}
    rows = con.execute(
        f"""SELECT mesh_kind, name_key, mesh_ui FROM program.mesh_name
        WHERE name_key IN {listed(asked)} AND mesh_kind IN {listed(found)} ORDER BY is_preferred, mesh_ui"""
    ).fetchall()
    uis = listed({ui for _, _, ui in rows})
    known = con.execute(
        f"""SELECT descriptor_ui, descriptor_name FROM mesh_descriptor WHERE descriptor_ui IN {uis} UNION ALL
        SELECT qualifier_ui, qualifier_name FROM mesh_qualifier WHERE qualifier_ui IN {uis}"""
    ).fetchall()
    records = {ui: Heading(ui, name) for ui, name in known}
    for kind, name, ui in rows:
        found[kind][name] = records[ui]
    return found["descriptor"], found["qualifier"]


def find_below(con: duckdb.DuckDBPyConnection, headings: Collection[Heading]) -> dict[Heading, list[str]]:
    """The identifiers of each of some records and of those below it in the tree."""
    by_ui = {heading.ui: heading for heading in headings}
    found: dict[Heading, list[str]] = {heading: [] for heading in headings}
    rows = con.execute(
        f"""SELECT mesh_ui, below_ui FROM program.mesh_below WHERE mesh_ui IN {listed(by_ui)}
        ORDER BY mesh_ui, depth > 0, below_ui"""
    ).fetchall()
    for ui, below_ui in rows:
        found[by_ui[ui]].append(below_ui)
    return found


def spaced(name: str) -> str:
    """A name as it is looked up: hyphens are spaces, `&` is `and`, apostrophes are left out; as macro mesh_key."""
    return " ".join(name.lower().replace("-", " ").replace("&", "and").replace("'", "").split())


def spaced_sql(column: str) -> str:
    """The same for a column."""
    return f"replace(replace(replace(lower({column}), '-', ' '), '&', 'and'), chr(39), '')"


def find_journals(con: duckdb.DuckDBPyConnection, names: Collection[str]) -> dict[str, str]:
    """MEDLINE's abbreviations of the journals that names stand for, by name in lower case."""
    if not names:
        return {}
    asked = listed({spaced(name) for name in names})
    rows = con.execute(
        f"""SELECT DISTINCT asked, medline_ta FROM (
            SELECT unnest([{spaced_sql("medline_ta")}, {spaced_sql("journal_title")},
                replace({spaced_sql("iso_abbreviation")}, '.', '')]) AS asked, medline_ta
            FROM journal_name WHERE medline_ta IS NOT NULL
        ) WHERE asked IN {asked} ORDER BY medline_ta DESC"""
    ).fetchall()
    return dict(rows)


def find_authors(con: duckdb.DuckDBPyConnection, names: Collection[str]) -> set[str]:
    """Those of some names, `smith j`, that an author of the corpus has; further initials may follow."""
    if not names:
        return set()
    words = listed({name.split()[0] for name in names})
    rows = con.execute(
        f"""SELECT DISTINCT asked
        FROM (SELECT last_name, initials FROM author
            WHERE pmid IN (SELECT unnest(pmids) FROM program.posting_list WHERE field = 'name' AND word IN {words})),
            (SELECT unnest([{", ".join(map(literal, names))}]) AS asked)
        WHERE lower(strip_accents(last_name)) = regexp_extract(asked, '^(.*) \\S+$', 1)
            AND starts_with(lower(initials), regexp_extract(asked, '\\S+$'))"""
    ).fetchall()
    return {name for (name,) in rows}


def is_plain(text: str) -> bool:
    """Whether macro search_fold changes nothing of a text but its capitals."""
    return text.isascii() and "&" not in text


def split_words(con: duckdb.DuckDBPyConnection, texts: Collection[str]) -> dict[str, list[str]]:
    """The words of texts, as the index has them: as macro search_split, which takes DuckDB milliseconds to read."""
    found = {text: WORDS.findall(text.lower()) for text in texts if is_plain(text)}
    found = {text: [word for word in words if len(word) <= LONGEST_WORD] for text, words in found.items()}
    others = [text for text in texts if text not in found]
    if others:
        rows = con.execute("SELECT t, search_split(t) FROM (SELECT unnest($1::VARCHAR[]) AS t)", [others]).fetchall()
        found |= dict(rows)
    return found


@cache
def stop_words() -> frozenset[str]:
    """The words that do not count in a search by relevance, which nearly all citations have."""
    return frozenset(re.findall("'([a-z]+)'", read_statement("create_search_stop").partition(" IN ")[2]))


def find_variants(con: duckdb.DuckDBPyConnection, words: Collection[str]) -> dict[str, list[str] | None]:
    """The words of the corpus that have the stem of a word, itself among them; None for a stop word."""
    if not words:
        return {}
    vocabulary = "FROM program.search_vocabulary WHERE"
    stems = dict(con.execute(f"SELECT word, stem {vocabulary} word IN {listed(words)}").fetchall())
    if unknown := [word for word in words if word not in stems]:
        # DuckDB takes longer to read the macro than to look up most words.
        stop = "SELECT word, CASE WHEN NOT search_stop(word) THEN stem END FROM search_stem($1)"
        stems |= dict(con.execute(stop, [unknown]).fetchall())
    asked = listed({stem for stem in stems.values() if stem})
    alike = con.execute(
        f"SELECT stem, list(word ORDER BY word)[:{MOST_VARIANTS}] {vocabulary} stem IN {asked} GROUP BY stem"
    ).fetchall()
    variants = dict(alike)
    return {word: sorted({word, *variants.get(stem, ())}) if stem else None for word, stem in stems.items()}
