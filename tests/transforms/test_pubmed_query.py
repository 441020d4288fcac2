"""PubMed's query language, on literal searches."""

import cProfile
from contextlib import suppress

import pytest

from transforms.pubmed_fields import BY_TAG, FIELDS
from transforms.pubmed_query import Clause, Earlier, Group, Node, Range, Token, parse_query, split_truncated, with_tag
from warehouse.errors import SearchError


def shape(node: Node) -> str:
    """A tree on one line, so that a test can say what it expects."""
    match node:
        case Group(parts):
            words = " ".join(f"{operator} {shape(part)}" for operator, part in parts).removeprefix("AND ")
            return f"({words})"
        case Earlier(key):
            return f"#{key}"
        case Range():
            return f"{node.first}..{node.last}{f'[{node.field.name}]' if node.field else ''}"
        case Clause():
            text = f'"{node.text}"' if node.is_quoted else f"<{node.text}>"
            text += "*" if node.is_truncated else ""
            text += f"[{node.field.name}]" if node.field else ""
            text += "" if node.is_exploded else "!"
            return text + (f"~{node.distance}" if node.distance is not None else "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cancer", "(<cancer>)"),
        ("heart attack prevention", "(<heart attack prevention>)"),
        ("a OR b AND c NOT d", "(<a> OR <b> AND <c> NOT <d>)"),
        ("a (b OR c) d", "(<a> AND (<b> OR <c>) AND <d>)"),
        ("NOT a", "(NOT <a>)"),
        ("a AND NOT b", "(<a> NOT <b>)"),
        ("((a)) OR (((b OR c)))", "(<a> OR (<b> OR <c>))"),
        ("hurtle cell[tiab] OR nodule[ti]", "(<hurtle cell>[TIAB] OR <nodule>[TITL])"),
        ('"Thyroid Neoplasms"[MeSH]', '("Thyroid Neoplasms"[MESH])'),
        ('"drug therapy"[sh] OR placebo[pt]', '("drug therapy"[SUBH] OR <placebo>[PTYP])'),
        ("neoplasms/drug therapy[mh]", "(<neoplasms/drug therapy>[MESH])"),
        ("Brefeldin [ tiab ]", "(<Brefeldin>[TIAB])"),
        ("asthma[mh:noexp] asthma[majr:NoExp] asthma[MeSH Terms:noexp]", "(<asthma>[MESH]! AND <asthma>[MAJR]! AND "
         "<asthma>[MESH]!)"),
        ('"hip pain"[tiab:~3] OR "hip pain"[Title:~0]', '("hip pain"[TIAB]~3 OR "hip pain"[TITL]~0)'),
        ("cardio*", "(<cardio>*)"),
        ('"breast feed*"[tiab] OR "breast feed"*[tiab]', '("breast feed"*[TIAB] OR "breast feed"*[TIAB])'),
        ("systematic[sb] AND hasabstract", "(<systematic>[FILT] AND <hasabstract>)"),
        ("#1 AND (#2 OR #13)", "(#1 AND (#2 OR #13))"),
        ("2010:2020[dp]", "(2010..2020[PDAT])"),
        ("2020/01/31:3000", "(2020/01/31..3000)"),
        ('"2014/01/01"[PDAT] : "2018/01/31"[PDAT]', "(2014/01/01..2018/01/31[PDAT])"),
        ('"2014"[dp]:"2018"', "(2014..2018[PDAT])"),
        ("2025/09/27 : 2025/11/26[Date - Entry]", "(2025/09/27..2025/11/26[EDAT])"),
        ("1000:2000[pmid]", "(1000..2000[UID])"),
        ("“step sectioned”[tiab] OR ”x“[ti]", '("step sectioned"[TIAB] OR "x"[TITL])'),
        ("glucagon–like\u00a0peptide[ti]", "(<glucagon-like peptide>[TITL])"),  # noqa: RUF001
        ("alzheimer’s[tiab]", "(<alzheimer's>[TIAB])"),  # noqa: RUF001
        ("a[ti]\n OR\r\n\tb[ti]", "(<a>[TITL] OR <b>[TITL])"),
        ("kidney-allograft", "(<kidney-allograft>)"),
        ('"x y"[Journal:__jid7505876]', '("7505876"[JID])'),
        ("10.1371/journal.pcbi.1000361", "(<10.1371/journal.pcbi.1000361>)"),
        ("1:2[vi]", "(<1:2>[VOL])"),
    ],
)  # fmt: skip
def test_a_search_is_read_as_pubmed_reads_it(text: str, expected: str) -> None:
    """Left to right, with a field for all words before it."""
    assert shape(parse_query(text).root) == expected


@pytest.mark.parametrize(
    ("text", "expected", "notes"),
    [
        ("a[mh] not (b[mh] and c[mh])", "(<a>[MESH] NOT (<b>[MESH] AND <c>[MESH]))", ["'not'", "'and'"]),
        ('"a" Or "b"', '("a" OR "b")', ["'Or'"]),
        ("cancer not (mice[mh])", "(<cancer> NOT <mice>[MESH])", ["'not'"]),
        ("wit and humor", "(<wit and humor>)", ["'and'"]),
        ("a[ti] or[ti]", "(<a>[TITL] AND <or>[TITL])", ["'or'"]),
        ("wom?n", "(<wom?n>)", ["'wom?n'"]),
        ("*Staphylococcus", "(<Staphylococcus>)", ["'*Staphylococcus'"]),
        ("infan* care", "(<infan>* AND <care>)", ["'infan*'"]),
        ("infan* care[ti]", "(<infan>*[TITL] AND <care>[TITL])", ["'infan*'"]),
        ("a AND NOT b", "(<a> NOT <b>)", ["'AND NOT'"]),
    ],
)
def test_what_is_read_otherwise_than_meant_is_noted(text: str, expected: str, notes: list[str]) -> None:
    """Lower-case operators are operators where no word can stand; nothing is changed silently."""
    query = parse_query(text)
    assert shape(query.root) == expected
    assert [str(note).split(" at ")[0] for note in query.notes] == notes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The search is empty"),
        (" \n", "The search is empty"),
        ("(a OR b", "parenthesis at character 1 is not closed"),
        ("a OR b)", "parenthesis at character 7 closes none"),
        ("a OR ()", "nothing in the parentheses at character 6"),
        ('a "b', "quote at character 3 has no partner"),
        ("a[ti", "bracket at character 2 has no partner"),
        ("a] b", "bracket at character 2 has no partner"),
        ("[ti] a", "[ti] at character 1 has no words before it"),
        ("(a OR b)[ti]", "[ti] at character 9 follows a parenthesis"),
        ("a OR AND b", "OR is followed by AND at character 6"),
        ("a OR NOT b", "OR is followed by NOT"),
        ("AND b", "nothing before AND at character 1"),
        ("a OR", "nothing behind OR at character 3"),
        ("(a OR) b", "nothing behind OR at character 4"),
        ("NOT", "nothing behind NOT"),
        ("wom*n", "'wom*n' at character 1: `*` stands for the end"),
        ('"infan* care"[ti]', "`*` stands for the end"),
        ("*", "`*` stands for the end"),
        ("2010 :", "range at character 1 has no end"),
        ("x[au:noexp]", "[au:noexp] at character 1 has no `:noexp`"),
        ("x[au:~3]", "has no `:~3`"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_place(text: str, sentence: str) -> None:
    """Places are counted from 1."""
    with pytest.raises(SearchError) as caught:
        parse_query(text)
    assert sentence in str(caught.value)


def test_a_field_that_pubmed_does_not_have_is_named() -> None:
    """Whether to search in all fields instead, as Entrez does, is up to the caller."""
    query = parse_query("a[ti] AND b[tittle] AND 1:2[x]")
    assert [(node.tag, node.place) for node in query.unknown_tags] == [("tittle", 11), ("x", 25)]


def test_every_tag_means_one_field() -> None:
    """A tag that two fields claim would silently be searched in the later one."""
    claims = [tag for field in FIELDS for tag in {field.name.lower(), field.full_name.lower(), *field.tags}]
    assert len(claims) == len(set(claims)) == len(BY_TAG)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 150 + "a OR b" + ") OR c" * 150,
        "(a OR " * 150 + "b" + ")" * 150,
    ],
)
def test_parentheses_too_deep_are_refused(text: str) -> None:
    """Later steps recurse into the tree, and Python's stack has an end."""
    with pytest.raises(SearchError):
        parse_query(text)


@pytest.mark.parametrize("part", ["a OR ", "a ", '"a" ', "a* ", "#1 ", "1:", "and ", " ", "a[ti] ", ":", '"a" : '])
def test_reading_takes_calls_that_grow_with_the_length(part: str) -> None:
    """Anybody can send a search; ten times the length must not take a hundred times as many calls."""

    def calls(count: int) -> int:
        profile = cProfile.Profile()
        with suppress(SearchError):
            profile.runcall(parse_query, part * count + "b")
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(20_000) < 12 * calls(2_000)


def test_a_field_is_kept_as_it_was_written_without_blanks_around() -> None:
    """Messages and translations show it."""
    assert with_tag(Clause("cancer"), " Nobody Knows ") == Clause("cancer", tag="Nobody Knows")


def test_a_run_of_words_is_parted_behind_each_that_is_truncated() -> None:
    """A phrase in quotes has a `*` of its own, which parts nothing."""
    kinds = [("word", "a"), ("word", "b*"), ("phrase", "c*"), ("word", "d"), ("word", "e*")]
    run = [Token(kind, text, 1) for kind, text in kinds]
    parts = [[token.text for token in part] for part in split_truncated(run)]
    assert parts == [["a", "b*"], ["c*", "d", "e*"]]
    assert list(split_truncated([])) == []
