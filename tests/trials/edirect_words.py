"""Where EDirect's index of title and abstract differs from PubMed, by name, each as a change of text or question.

A citation that a clause finds on one side alone is explained by the smallest set of these that turns our answer into
EDirect's. What EDirect leaves out of a question, and which prefixes it joins, `phrase-search -mock` says itself.
"""

import re
import subprocess
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, dropwhile
from pathlib import Path

import duckdb
from lxml import etree

from transforms.pubmed_fields import BY_NAME
from transforms.pubmed_query import Clause
from transforms.values import text_of

BOOKS = "books: not in its index"
KEYWORDS = "keywords: in Title/Abstract at PubMed, not there"
LABELS = "labels of sections: not in its index"
SUPERSCRIPTS = "superscripts: cut off from the words around them there"
PREFIXES = "prefixes: `post-mortem` is one word there"
LEFT_OUT = "stop words and numbers: stand for any word there"
CHARACTERS = "ligatures, Roman numerals, signs (\u2640) and invisible characters: spelt out or dropped there"
GREEK = "Greek letters: cut off from the word behind them there"
RULES = (BOOKS, KEYWORDS, LABELS, SUPERSCRIPTS, PREFIXES, LEFT_OUT, CHARACTERS, GREEK)
UNEXPLAINED = "NOT EXPLAINED"

PREFIX = re.compile(r"(?<![^\W_])([a-z]+)[-\u2010\u2011](?=[^\W_])")
GREEK_NAME = re.compile(r"(?<![^\W_])(alpha|beta|gamma|delta|kappa|lambda|mu|omega)(?=[^\W_])")
SPELT = re.compile("[\u00ad\u200b\ufeff\u2160-\u217f\u2640\u2642\ufb00-\ufb06]")
SIGNS = {"\u2640": " female ", "\u2642": " male ", "\u00ad": "", "\u200b": "", "\ufeff": ""}
WORD = r"[^\W_]+"
APART = r"[\W_]+"
# An argument is 128 KB at most.
ASKED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Text:
    """The folded texts of a record.

    Attributes:
        is_book: It is a chapter of a book, or a book.
        titles: Of the article, with superscripts joined to the word before them, and cut off.
        abstracts: The same of the abstract, and the same without labels.
        keywords: Each of them.
    """

    is_book: bool
    titles: tuple[str, str]
    abstracts: tuple[str, str, str, str]
    keywords: tuple[str, ...]


def read_texts(con: duckdb.DuckDBPyConnection, records: dict[int, bytes]) -> dict[int, Text]:
    """The texts of records as they came."""
    rows: list[tuple[int, bool, list[str]]] = []
    for pmid, xml in records.items():
        root = etree.fromstring(xml)
        forms = [part for is_cut in (False, True) for part in parts_of(cut(root) if is_cut else root)]
        rows.append((pmid, root.tag == "PubmedBookArticle", forms))
    folded = con.execute(
        "SELECT list_transform(t, lambda x: search_fold(x)) FROM (SELECT unnest($1::VARCHAR[][]) AS t)",
        [[forms for _, _, forms in rows]],
    ).fetchall()
    keywords = con.execute(
        "SELECT pmid, list(search_fold(keyword)) FROM keyword WHERE pmid IN (SELECT unnest($1)) GROUP BY pmid",
        [[*records]],
    ).fetchall()
    of_record = dict(keywords)
    texts: dict[int, Text] = {}
    for (pmid, is_book, _), (forms,) in zip(rows, folded, strict=True):
        title, joined, joined_bare, title_cut, cut_off, cut_bare = forms
        abstracts = (joined, joined_bare, cut_off, cut_bare)
        texts[pmid] = Text(is_book, (title, title_cut), abstracts, tuple(of_record.get(pmid, ())))
    return texts


def parts_of(root: etree._Element) -> list[str]:
    """The title, the abstract, and the abstract without labels."""
    title = " ".join(text_of(part) for name in ("ArticleTitle", "BookTitle") for part in root.iter(name))
    sections = [part for abstract in root.iter("Abstract") for part in abstract.iter("AbstractText")]
    texts = [text_of(part) for part in sections]
    labels = [f"{part.get('Label')}: " if part.get("Label") else "" for part in sections]
    return [title, "\n".join(map("".join, zip(labels, texts, strict=True))), "\n".join(texts)]


def cut(root: etree._Element) -> etree._Element:
    """A record with blanks around each superscript."""
    for element in root.iter("sup"):
        element.text, element.tail = f" {element.text or ''}", f" {element.tail or ''}"
    return root


def ask_mock(folder: Path, questions: Sequence[str]) -> list[str]:
    """How EDirect reads some questions with a field, without it; `+` is a word that it leaves out."""
    done = subprocess.run(
        ["phrase-search", "-path", str(folder), "-mock", " OR ".join(questions)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    read = done.stdout.partition("setFieldQualifiers:\n\n")[2].split("\n\n")[0].splitlines()
    found = [re.sub(r"\s*\[[A-Z]+\]$", "", line) for line in read if line != "|"]
    assert len(found) == len(questions), f"{questions[:3]} ... is read as {len(found)} questions, not {len(questions)}"
    return found


def joined_prefixes(folder: Path, texts: Iterable[Text]) -> frozenset[str]:
    """The prefixes in some texts that EDirect joins to the word behind the hyphen."""
    found = {p for text in texts for form in (*text.titles, *text.abstracts) for p in PREFIX.findall(form)}
    names = sorted(found)
    joined: set[str] = set()
    for start in range(0, len(names), ASKED_AT_ONCE):
        some = names[start : start + ASKED_AT_ONCE]
        read = ask_mock(folder, [f"{name}-zzzz [TIAB]" for name in some])
        joined |= {name for name, said in zip(some, read, strict=True) if said == f"{name}zzzz"}
    return frozenset(joined)


def left_out_words(folder: Path, words: Collection[str]) -> frozenset[str]:
    """Those of some words that EDirect leaves out of a question."""
    asked = sorted(words)
    read = ask_mock(folder, [f"{word} [TIAB]" for word in asked])
    return frozenset(word for word, said in zip(asked, read, strict=True) if not said)


@dataclass
class Explainer:
    """Explains differences.

    Attributes:
        texts: Of the records, by PMID.
        prefixes: Those that EDirect joins to the word behind the hyphen.
        left_out: The words that it leaves out of questions.
    """

    texts: dict[int, Text]
    prefixes: frozenset[str]
    left_out: frozenset[str]

    def explain(self, pmid: int, clause: Clause, *, is_there: bool) -> str:
        """The smallest set of rules that explains EDirect's answer about a clause and a record, or UNEXPLAINED."""
        assert self.finds(pmid, clause, ()) != is_there, f"{clause.text}: {pmid} is not found as the corpus finds it"
        for size in range(1, len(RULES) + 1):
            for rules in combinations(RULES, size):
                if self.finds(pmid, clause, rules) == is_there:
                    return " + ".join(rules)
        return UNEXPLAINED

    def finds(self, pmid: int, clause: Clause, rules: Collection[str]) -> bool:
        """Whether a clause finds a record if these rules apply."""
        text = self.texts[pmid]
        if BOOKS in rules and text.is_book:
            return False
        form = SUPERSCRIPTS in rules
        searched = [text.titles[form]]
        if clause.field != BY_NAME["TITL"]:
            searched.append(text.abstracts[2 * form + (LABELS in rules)])
            searched += () if KEYWORDS in rules else text.keywords
        asked = re.findall(WORD, join(clause.text.lower(), self.prefixes) if PREFIXES in rules else clause.text.lower())
        if LEFT_OUT in rules:
            asked = [WORD if word in self.left_out else word for word in asked]
            # At the ends of a phrase it asks for no word at all.
            for _ in range(2):
                asked = [*dropwhile(lambda word: word == WORD, asked)][::-1]
        pattern = expression(tuple(asked), is_truncated=clause.is_truncated)
        texts = [join(one, self.prefixes) for one in searched] if PREFIXES in rules else searched
        texts = [*map(spell_out, texts)] if CHARACTERS in rules else texts
        texts = [GREEK_NAME.sub(r"\1 ", one) for one in texts] if GREEK in rules else texts
        return bool(asked) and any(pattern.search(one) for one in texts)


@cache
def join(text: str, prefixes: frozenset[str]) -> str:
    """A text without the hyphens behind some prefixes."""
    return PREFIX.sub(lambda found: found[1] + ("" if found[1] in prefixes else "-"), text)


def spell_out(text: str) -> str:
    """A text in the characters that EDirect makes of it."""
    return SPELT.sub(lambda found: SIGNS.get(found[0], unicodedata.normalize("NFKC", found[0])), text)


@cache
def expression(words: tuple[str, ...], *, is_truncated: bool) -> re.Pattern[str]:
    """What finds words that follow each other in a folded text."""
    return re.compile(rf"(?<![^\W_]){APART.join(words)}" + ("" if is_truncated else r"(?![^\W_])"))
