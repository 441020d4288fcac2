"""Searches asked of a corpus and of EDirect's `phrase-search` over the same records, and what explains each difference.

    python -m tests.trials.phrase_search DATA_DIR QUERIES.jsonl FOLDER

DATA_DIR has a published corpus with MeSH; each line of QUERIES.jsonl is an object with `id` and `query`; FOLDER, empty
or from the last time, takes EDirect's archive (Debian's ncbi-entrez-direct; no network). Each search is parsed once and
written in EDirect's language; headings become tree numbers, by which EDirect explodes. Every clause is asked of both,
and each citation that only one of them finds is explained by itself. Where both wholes follow from the clauses by the
operators, the clauses explain the whole.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from lxml import etree

from flows.corpus_search.statement import asked_as, write_statement
from flows.corpus_search.vocabulary import find_headings, spaced
from flows.eutils_server.corpus import CorpusStore
from tests.trials.edirect_words import (
    BOOKS,
    UNEXPLAINED,
    Explainer,
    joined_prefixes,
    left_out_words,
    read_texts,
)
from transforms.pubmed_fields import BY_NAME
from transforms.pubmed_query import Clause, Group, Node, Range, parse_query
from warehouse.store import DataDirectory

FIELDS = "UID TITL TIAB PAIR CODE TREE MESH SUBH YEAR JOUR VOL ISS PAGE LANG PROP PTYP AUTH FAUT LAUT"
RECORDS_AT_ONCE = 5_000
NOTHING = "zzzznothing [TIAB]"
WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Asked:
    """A clause in EDirect's words, '' if it has no such field, and the PMIDs found here and there."""

    spelt: str
    here: set[int]
    there: set[int]


def alike(clause: Clause | Range) -> Clause | Range:
    """A clause without its place, so that it is asked once."""
    return replace(clause, place=1)


def kind_of(clause: Clause | Range) -> str:
    """The kind of a clause, for the table."""
    name = clause.field.full_name if clause.field else "no field"
    if isinstance(clause, Range):
        return f"{name}, range"
    shape = "cut short" if clause.is_truncated else "phrase" if len(WORDS.findall(clause.text)) > 1 else "word"
    return f"{name}, {shape}"


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
        document = folder.resolve() / "records.xml"
        # EDirect reads nothing behind a `>` that stands as text; written again, it is `&gt;`.
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
    if done.returncode:
        sys.exit(f"{command}: {done.stderr or done.returncode}")
    return done.stdout


def ask_edirect(folder: Path, query: str) -> set[int]:
    """The PMIDs that EDirect finds."""
    done = subprocess.run(
        ["phrase-search", "-path", str(folder), "-query", query], capture_output=True, text=True, check=False
    )
    return {int(line) for line in done.stdout.split() if line.isdecimal()}


def in_edirect(con: duckdb.DuckDBPyConnection, asked: Clause | Range) -> str:
    """A clause in EDirect's words; '' if it has no such field."""
    if isinstance(asked, Range):
        # Such an archive has no ranges.
        years = con.execute(
            "SELECT DISTINCT pub_year FROM citation WHERE pub_year BETWEEN $1 AND $2",
            [int(asked.first[:4]), int(asked.last[:4])],
        ).fetchall()
        return f"({' OR '.join(f'{year} [YEAR]' for (year,) in years)})" if years else ""
    name = asked.field.name if asked.field else "ALL"
    if name in ("MESH", "MAJR"):
        heading = find_headings(con, [asked.text])[0].get(spaced(asked.text))
        if heading is None:
            return ""
        trees = con.execute("SELECT tree_number FROM mesh_tree_number WHERE mesh_ui = $1 ORDER BY 1", [heading.ui])
        below = [f"{tree.replace('.', ' ')}* [TREE]" for (tree,) in trees.fetchall() if asked.is_exploded]
        return f"({' OR '.join([f'{heading.ui} [CODE]', *below])})"
    # A hyphen means something to it; of an apostrophe it makes other words in a question than in a record.
    text = " ".join(re.sub(r"[^\w-]+|(?<!\w)-|-(?!\w)", " ", asked.text).split())
    field = {"TIAB": "TIAB", "TITL": "TITL", "SUBH": "SUBH", "PTYP": "PTYP", "ALL": "TIAB", "JOUR": "JOUR"}.get(name)
    if name == "SUBH":
        text = text.replace(" and ", " ")  # Of `&`, which NLM writes, nothing is left in its index.
    return f"{text}{'*' * asked.is_truncated} [{field}]" if field and text else ""


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
    # EDirect cannot read a parenthesis that begins with another one; there, OR binds more closely than AND.
    return f"({said})".replace("((", f"({NOTHING} OR (").replace("((", f"({NOTHING} OR (")


def compare(directory: DataDirectory, queries: Path, folder: Path) -> Iterator[str]:
    """A row for each search; the clauses by kind; the causes of what differs."""
    store = CorpusStore.open(directory, memory="4GB")
    if not (folder / "Postings").exists():
        build_archive(store, folder)
    everything = set(store.pmids)
    codes = store.con.execute("SELECT DISTINCT language FROM language ORDER BY language").fetchall()
    languages = " OR ".join(f"{code} [LANG]" for (code,) in codes)
    if not ask_edirect(folder, languages):
        sys.exit(f"EDirect's archive in {folder} is empty; remove it, and try again.")
    asked: dict[Clause | Range, Asked] = {}
    yield f"{'query':>5} {'clauses':>7} {'here':>6} {'there':>6} {'both':>6}  both wholes follow from their clauses"
    for line in queries.read_text().splitlines():
        number, query = (json.loads(line)[name] for name in ("id", "query"))
        statement = write_statement(store.con, query, today=datetime.now(UTC).date(), is_by_clause=True)
        root = prune(parse_query(query).root, {part.place for part in statement.lines})
        conditions = ", ".join(part.condition for part in statement.lines)
        rows = store.con.execute(f"{statement.steps}SELECT pmid, [{conditions}] FROM marked").fetchall()
        clauses = [alike(part.asked) for part in statement.lines]
        for place, clause in enumerate(clauses):
            if clause not in asked:
                spelt = in_edirect(store.con, clause)
                here = {pmid for pmid, holds in rows if holds[place]}
                asked[clause] = Asked(spelt, here, ask_edirect(folder, spelt) & everything if spelt else set())
        ours = set(store.search(query, {}).pmids)
        spelt = spell(root, iter([asked[clause].spelt or NOTHING for clause in clauses]), languages)
        theirs = ask_edirect(folder, spelt) & everything
        follows = [
            combine(root, iter([asked[clause].here for clause in clauses]), everything) == ours,
            combine(root, iter([asked[clause].there for clause in clauses]), everything) == theirs,
        ]
        said = " and ".join("yes" if one else "NO" for one in follows)
        yield f"{number:>5} {len(clauses):>7} {len(ours):>6} {len(theirs):>6} {len(ours & theirs):>6}  {said}"
    yield from report(store, folder, asked)


def report(store: CorpusStore, folder: Path, asked: dict[Clause | Range, Asked]) -> Iterator[str]:
    """The clauses by kind, and the causes of what differs."""
    columns = ("equal", "both find none", "differ", "no such field")
    counts: dict[str, Counter[str]] = {}
    for clause, found in asked.items():
        how = "no such field" if not found.spelt else "differ" if found.here != found.there else "equal"
        how = "both find none" if how == "equal" and not found.here else how
        counts.setdefault(kind_of(clause), Counter())[how] += 1
    yield ""
    yield f"{'kind of clause':<32} {'all':>6} " + " ".join(f"{column:>14}" for column in columns)
    for kind, count in sorted(counts.items()):
        yield f"{kind:<32} {count.total():>6} " + " ".join(f"{count[column]:>14}" for column in columns)
    causes: dict[str, list[tuple[Clause | Range, int]]] = {}
    for clause, pmid, cause in explain(store, folder, asked):
        causes.setdefault(cause, []).append((clause, pmid))
    yield ""
    yield f"{'citations':>9} {'clauses':>7}  why only one of them finds a citation by a clause"
    for cause, where in sorted(causes.items(), key=lambda item: -len(item[1])):
        yield f"{len(where):>9,} {len({clause for clause, _ in where}):>7}  {cause}"
        clause, pmid = where[0]
        yield f"{'':>18} such as {asked_as(clause)!r} and {pmid}"


def explain(
    store: CorpusStore, folder: Path, asked: dict[Clause | Range, Asked]
) -> Iterator[tuple[Clause | Range, int, str]]:
    """Each citation that a clause finds on one side only, and why."""
    differing = [(clause, found) for clause, found in asked.items() if found.spelt and found.here != found.there]
    pmids = sorted({pmid for _, found in differing for pmid in found.here ^ found.there})
    records = {p: xml for start in range(0, len(pmids), RECORDS_AT_ONCE)
               for p, xml in store.xml_of(pmids[start : start + RECORDS_AT_ONCE]).items()}  # fmt: skip
    texts = read_texts(store.con, records)
    asked_texts = [clause.text for clause, _ in differing if isinstance(clause, Clause)]
    folded = dict(store.con.execute("SELECT t, search_fold(t) FROM (SELECT unnest($1) AS t)", [asked_texts]).fetchall())
    words = {word for text in folded.values() for word in WORDS.findall(text)}
    explainer = Explainer(texts, joined_prefixes(folder, texts.values()), left_out_words(folder, words))
    trees = run(f"phrase-search -path {folder.resolve()} -terms TREE", folder).split()
    letters = {line[0].upper() for line in trees}
    for clause, found in differing:
        causes = {} if not isinstance(clause, Clause) else indexing_causes(store.con, clause, found, letters)
        for pmid in sorted(found.here ^ found.there):
            cause = causes.get(pmid, UNEXPLAINED)
            if isinstance(clause, Clause) and clause.field is None:
                cause = "no field: mapped to headings and words here, words of title and abstract there"
            elif isinstance(clause, Clause) and clause.field and clause.field.kind == "words":
                cause = explainer.explain(pmid, replace(clause, text=folded[clause.text]), is_there=pmid in found.there)
            elif texts[pmid].is_book:
                cause = BOOKS
            yield clause, pmid, cause


def indexing_causes(con: duckdb.DuckDBPyConnection, clause: Clause, found: Asked, letters: set[str]) -> dict[int, str]:
    """Why only the corpus finds records by a heading or a type of publication, as far as it can be seen, by PMID."""
    pmids = sorted(found.here - found.there)
    if clause.field == BY_NAME["PTYP"]:
        own = con.execute(
            "SELECT pmid FROM publication_type WHERE pmid IN (SELECT unnest($1)) AND lower(publication_type) = $2",
            [pmids, clause.text.lower()],
        ).fetchall()
        narrower = set(pmids) - {pmid for (pmid,) in own}
        return dict.fromkeys(narrower, "types of publication: narrower ones count here, as at PubMed")
    heading = find_headings(con, [clause.text])[0].get(spaced(clause.text))
    if heading is None:
        return {}
    rows = con.execute(
        """SELECT pmid, bool_or(coalesce(held.descriptor_ui, '') = ''), list(DISTINCT tree_number[1])
        FROM program.article_mesh AS held LEFT JOIN mesh_tree_number ON mesh_ui = held.descriptor_ui
        WHERE pmid IN (SELECT unnest($1)) AND (coalesce(held.descriptor_ui, '') = ''
            OR held.descriptor_ui IN (SELECT descriptor_ui FROM mesh_under($2))) GROUP BY pmid""",
        [pmids, heading.ui],
    ).fetchall()
    causes = {}
    for pmid, is_named, branches in rows:
        if is_named:
            causes[pmid] = "headings by name alone (records of before 2012): not in its tree"
        elif missing := sorted({branch for branch in branches if branch} - letters):
            causes[pmid] = f"headings below in branches that its tree leaves out: {' '.join(missing)}"
    return causes


if __name__ == "__main__":
    if shutil.which("phrase-search") is None:
        sys.exit("phrase-search is not installed; install ncbi-entrez-direct.")
    for row in compare(DataDirectory(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])):
        print(row, flush=True)  # noqa: T201
