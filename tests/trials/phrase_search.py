"""Searches asked of a corpus and of EDirect's `phrase-search` over the same records, and what explains each difference.

    python -m tests.trials.phrase_search DATA_DIR QUERIES.jsonl FOLDER

DATA_DIR has a published corpus with MeSH; each line of QUERIES.jsonl is an object with `id` and `query`; FOLDER, empty
or from the last time, takes EDirect's archive (Debian's ncbi-entrez-direct; no network). Each search is parsed once and
written in EDirect's language; headings become tree numbers, by which EDirect explodes. Every clause is asked of both
as well: where both wholes follow from the clauses by the operators, the clauses that differ explain the difference.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from lxml import etree

from flows.corpus_search.statement import asked_as, write_statement
from flows.corpus_search.vocabulary import find_headings, spaced
from flows.eutils_server.corpus import CorpusStore
from transforms.pubmed_fields import BY_NAME
from transforms.pubmed_query import Clause, Group, Node, Range, parse_query
from warehouse.store import DataDirectory

FIELDS = "UID TITL TIAB PAIR CODE TREE MESH SUBH YEAR JOUR VOL ISS PAGE LANG PROP PTYP AUTH FAUT LAUT"
RECORDS_AT_ONCE = 5_000
NOTHING = "zzzznothing [TIAB]"
WORDS = (BY_NAME["TIAB"],)


def build_archive(store: CorpusStore, folder: Path) -> None:
    """EDirect's index of all records of a corpus."""
    for name in ("Invert", "Merged", "Postings"):
        (folder / name).mkdir(parents=True)
    trees = store.con.execute(
        """SELECT mesh_ui, string_agg(tree_number, ',') FROM mesh_tree_number WHERE mesh_kind = 'descriptor'
        GROUP BY mesh_ui"""
    ).fetchall()
    (folder / "meshtree.txt").write_text("".join(f"{ui}\t{numbers}\n" for ui, numbers in trees))
    pmids = sorted(store.pmids)
    for number, start in enumerate(range(0, len(pmids), RECORDS_AT_ONCE)):
        records = store.xml_of(pmids[start : start + RECORDS_AT_ONCE])
        document = folder / "records.xml"
        # Behind a `>` that stands as text EDirect reads nothing more; written anew, it is `&gt;`.
        ordered = b"\n".join(etree.tostring(etree.fromstring(records[pmid])) for pmid in sorted(records))
        document.write_bytes(b"<PubmedArticleSet>\n" + ordered + b"\n</PubmedArticleSet>\n")
        run(
            f"cat {document} | transmute -strict -normalize pubmed | transmute -compress -strict -wrp PubmedArticleSet "
            "-pattern 'PubmedArticleSet/*' -format flush | rchive -strict -transform meshtree.txt -e2index | "
            f"rchive -e2invert | gzip -1 > Invert/{number:03}.inv.gz",
            folder,
        )
    run("rchive -gzip -merge ../Merged *.inv.gz > /dev/null", folder / "Invert")
    run(f"ls *.mrg.gz | sort | xargs -n 100 rchive -promote ../Postings '{FIELDS}' > /dev/null", folder / "Merged")


def run(command: str, folder: Path) -> str:
    """What a shell command prints."""
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


def ask_edirect(folder: Path, query: str) -> set[int]:
    """The PMIDs that EDirect finds."""
    done = subprocess.run(
        ["phrase-search", "-path", str(folder), "-query", query], capture_output=True, text=True, check=False
    )
    return {int(line) for line in done.stdout.split() if line.isdecimal()}


def in_edirect(con: duckdb.DuckDBPyConnection, asked: Clause | Range) -> str:
    """A clause in EDirect's words; '' where it has no such field."""
    if isinstance(asked, Range):
        # An archive made so has no ranges.
        years = con.execute(
            "SELECT DISTINCT pub_year FROM citation WHERE pub_year BETWEEN $1 AND $2",
            [int(asked.first[:4]), int(asked.last[:4])],
        ).fetchall()
        return f"({' OR '.join(f'{year} [YEAR]' for (year,) in years)})" if years else ""
    name = asked.field.name if asked.field else "ALL"
    if name in ("MESH", "MAJR"):
        heading = find_headings(con, [asked.text], "descriptor").get(spaced(asked.text))
        if heading is None:
            return ""
        below = [f"{tree.replace('.', ' ')}* [TREE]" for tree in heading.trees if asked.is_exploded]
        return f"({' OR '.join([f'{heading.ui} [CODE]', *below])})"
    text = re.sub(r"[^\w]+", " ", asked.text).strip()
    field = {"TIAB": "TIAB", "TITL": "TITL", "SUBH": "SUBH", "PTYP": "PTYP", "ALL": "TIAB", "JOUR": "JOUR"}.get(name)
    return f"{text}{'*' * asked.is_truncated} [{field}]" if field and text else ""


def cause(con: duckdb.DuckDBPyConnection, asked: Clause | Range) -> str:
    """What EDirect does otherwise with a clause of this form."""
    if isinstance(asked, Range):
        return "range"
    ((words, counting),) = con.execute("SELECT search_split($1), search_word($1)", [asked.text]).fetchall()
    if asked.field is None:
        return "words without a field: mapped here, title and abstract there"
    if asked.field.name == "MAJR":
        return "main points: not in its index"
    if asked.field.name == "TIAB" and len(counting) < len(words):
        return "stop words: left out there"
    if asked.field.kind == "mesh":
        return f"{asked.field.full_name}: exploded or named otherwise"
    return "truncated" if asked.is_truncated else "phrase" if len(words) > 1 else "word"


def without_keywords(con: duckdb.DuckDBPyConnection, asked: Clause | Range) -> set[int]:
    """What a clause of words finds in titles and abstracts alone."""
    words = f'"{asked.text}"{"*" * asked.is_truncated}' if isinstance(asked, Clause) else ""
    statement = write_statement(con, f"{words}[ti] OR {words}[ab]", today=datetime.now(UTC).date())
    return {pmid for (pmid,) in con.execute(statement.sql).fetchall()}


def prune(group: Group, places: set[int]) -> Group:
    """A search without the clauses that have no word and were left out."""
    parts: list[tuple[str, Node]] = []
    for operator, part in group.parts:
        if isinstance(part, Group):
            if (inner := prune(part, places)).parts:
                parts.append((operator, inner))
        elif part.place in places:
            parts.append((operator, part))
    return Group(tuple(parts))


def combine(node: Node, sets: Iterator[set[int]], everything: set[int]) -> set[int]:
    """What a search finds, of what its clauses find, in their order."""
    if not isinstance(node, Group):
        return next(sets)
    found: set[int] = set()
    for number, (operator, part) in enumerate(node.parts):
        other = combine(part, sets, everything)
        if number == 0:
            found = everything - other if operator == "NOT" else other
        else:
            found = found & other if operator == "AND" else found | other if operator == "OR" else found - other
    return found


def spell(node: Node, clauses: Iterator[str], everything: str) -> str:
    """A search in EDirect's language, its operators in parentheses from the left."""
    if not isinstance(node, Group):
        return next(clauses)
    said, last = "", ""
    for number, (operator, part) in enumerate(node.parts):
        text = spell(part, clauses, everything)
        if number and last and operator != last:
            said = f"({said})"
        said = f"{said} {operator} {text}" if number else f"({everything}) NOT {text}" if operator == "NOT" else text
        last = operator if number else ""
    return f"({said})"


def compare(directory: DataDirectory, queries: Path, folder: Path) -> Iterator[str]:
    """A row for each search, then what explains all differences."""
    store = CorpusStore.open(directory, memory="4GB")
    if not (folder / "Postings").exists():
        build_archive(store, folder)
    everything = set(store.pmids)
    codes = store.con.execute("SELECT DISTINCT language FROM language ORDER BY language").fetchall()
    languages = " OR ".join(f"{code} [LANG]" for (code,) in codes)
    causes: Counter[str] = Counter()
    examples: dict[str, str] = {}
    asked_there: dict[str, set[int]] = {}
    yield f"{'query':>5} {'clauses':>7} {'here':>6} {'there':>6} {'both':>6}  clauses that differ, by cause"
    for line in queries.read_text().splitlines():
        number, query = (json.loads(line)[name] for name in ("id", "query"))
        statement = write_statement(store.con, query, today=datetime.now(UTC).date(), is_by_clause=True)
        root = prune(parse_query(query).root, {part.place for part in statement.lines})
        clauses = [part.asked for part in statement.lines]
        spelt = [in_edirect(store.con, asked) or NOTHING for asked in clauses]
        for text in set(spelt) - asked_there.keys():
            asked_there[text] = ask_edirect(folder, text) & everything
        conditions = ", ".join(part.condition for part in statement.lines)
        rows = store.con.execute(f"{statement.steps}SELECT pmid, [{conditions}] FROM marked").fetchall()
        here = [{pmid for pmid, holds in rows if holds[place]} for place in range(len(clauses))]
        there = [asked_there[text] for text in spelt]
        ours, theirs = (
            set(store.search(query, {}).pmids),
            ask_edirect(folder, spell(root, iter(spelt), languages)) & everything,
        )
        # The clauses explain the whole if both wholes follow from them.
        assert combine(root, iter(here), everything) == ours, f"{number}: our operators"
        follows = combine(root, iter(there), everything) == theirs
        differing: Counter[str] = Counter()
        for asked, found_here, found_there, text in zip(clauses, here, there, spelt, strict=True):
            if found_here == found_there:
                continue
            why = "a field that it does not have" if text == NOTHING else cause(store.con, asked)
            if text != NOTHING and asked.field in WORDS and found_there == without_keywords(store.con, asked):
                why = "keywords: in Title/Abstract here, as at PubMed, not there"
            differing[why] += 1
            only = sorted(found_here - found_there)[:2], sorted(found_there - found_here)[:2]
            examples.setdefault(f"{why}: {asked_as(asked)}", f"only here {only[0]}, only there {only[1]}")
        causes.update(differing)
        said = "; ".join(f"{count} {why}" for why, count in differing.items()) if ours != theirs else "equal"
        said += "" if follows else " (its operators)"
        yield f"{number:>5} {len(clauses):>7} {len(ours):>6} {len(theirs):>6} {len(ours & theirs):>6}  {said}"
    yield ""
    yield from (f"{count:>6} clauses: {why}" for why, count in causes.most_common())
    yield ""
    yield from (f"{what}: {which}" for what, which in sorted(examples.items()))


if __name__ == "__main__":
    if shutil.which("phrase-search") is None:
        sys.exit("phrase-search is not installed; install ncbi-entrez-direct.")
    for row in compare(DataDirectory(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])):
        print(row, flush=True)  # noqa: T201
