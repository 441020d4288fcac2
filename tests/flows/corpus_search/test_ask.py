"""A corpus searched in PubMed's language: what each kind of clause finds, and what is said about it."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.corpus_search.ask import SearchAnswer, search_corpus
from flows.corpus_search.statement import write_statement
from flows.definition.settings import load_settings
from flows.runs.mesh import add_mesh
from tests.corpora import commit
from tests.mesh_records import descriptor, mesh_set, qualifier
from tests.records import article
from warehouse import build
from warehouse.errors import SearchError, StoreError, UsageError
from warehouse.query import open_published
from warehouse.store import DataDirectory

ABSTRACT = "<Abstract><AbstractText>{}</AbstractText></Abstract>"
AUTHORS = """<AuthorList><Author ValidYN="Y"><LastName>Müller</LastName><ForeName>Jane Ann</ForeName>
<Initials>JA</Initials>
<AffiliationInfo><Affiliation>Clinic of Invention, Utopia</Affiliation></AffiliationInfo></Author>
<Author ValidYN="Y"><LastName>Last</LastName><ForeName>Xu</ForeName><Initials>X</Initials></Author></AuthorList>"""
HEADINGS = """<MeshHeadingList><MeshHeading><DescriptorName UI="D03" MajorTopicYN="N">Melancholy</DescriptorName>
<QualifierName UI="Q02" MajorTopicYN="Y">drug therapy</QualifierName></MeshHeading></MeshHeadingList>"""
WORDS = """<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">attack rate</Keyword></KeywordList>"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Four citations and a MeSH of three headings."""
    root = tmp_path_factory.mktemp("search")
    directory = DataDirectory(root / "data")
    commit(
        directory,
        article(1, title="Heart attack in the young", parts=(ABSTRACT.format("Of β-catenin."), HEADINGS, "")),
        article(2, title="An attack of the heart", parts=(AUTHORS, WORDS, "")),
        article(3, title="Naïve cardiology, cardiac too", parts=(ABSTRACT.format("Sorrow. Heart. Attack."), "", "")),
        article(4, title="A systematic review of hearts").replace("<Year>2019</Year>", "<Year>2021</Year>"),
    )
    files = {
        "desc2026.xml": mesh_set(
            descriptor("D01", "Mood", trees=["F01"]),
            descriptor("D02", "Sadness", "Sorrow", "Low Spirits", trees=["F01.1"]),
            descriptor("D03", "Melancholy", trees=["F01.1.7"]),
        ),
        "qual2026.xml": mesh_set(
            qualifier("Q01", "therapy", trees=["Y04"]),
            qualifier("Q02", "drug therapy", trees=["Y04.1"]),
            qualifier("Q03", "wit &amp; humor"),
        ),
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    list(add_mesh(load_settings(data_dir=directory.root), [root / name for name in files]))
    return directory


def pmids(found: SearchAnswer) -> list[int]:
    """The PMIDs of an answer, in its order."""
    return found.citations["pmid"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("query", "expected", "translation"),
    [
        ("heart[ti]", [2, 1], '"heart"[Title]'),
        ("heart[tiab]", [3, 2, 1], '"heart"[Title/Abstract]'),
        ("heart[ab]", [3], '"heart"[Abstract]'),
        ("rate[tiab] OR rate[ot]", [2], '"rate"[Title/Abstract] OR "rate"[Other Term]'),
        ('"heart attack"[tiab]', [3, 1], '"heart attack"[Title/Abstract]'),
        ("heart attack[ti]", [1], '"heart attack"[Title]'),
        ('"heart attack"[ti] OR "a systematic"[ti]', [4, 1], '"heart attack"[Title] OR "a systematic"[Title]'),
        ('"attack heart"[ti:~1]', [1], '"attack heart"[Title:~1]'),
        ('"attack heart"[ti:~2]', [2, 1], '"attack heart"[Title:~2]'),
        ('"heart att*"[ti]', [1], '"heart att*"[Title]'),
        ("cardio*[tiab]", [3], '"cardio*"[Title/Abstract]'),
        ("heart*[ti] NOT heart[ti]", [4], '"heart*"[Title] NOT "heart"[Title]'),
        ("NOT heart", [], 'NOT ("heart"[All Fields] OR "hearts"[All Fields])'),
        ("NOT cardiac", [4, 2, 1], 'NOT "cardiac"[All Fields]'),
        ("young OR cardiac AND naive", [3], None),
        ("young OR (cardiac AND naive)", [3, 1], None),
        ("beta-catenin[ab]", [1], '"beta-catenin"[Abstract]'),
        ("β-catenin", [1], '"β-catenin"[All Fields]'),
        ("naive[ti]", [3], '"naive"[Title]'),
        ("Mood[mh]", [1], '"mood"[MeSH Terms]'),
        ("low spirits[mh]", [1], '"sadness"[MeSH Terms]'),
        ("Mood[mh:noexp]", [], '"mood"[MeSH Terms:noexp]'),
        ("D03[mh]", [1], '"melancholy"[MeSH Terms]'),
        ("mood/therapy[mh]", [1], '"mood/therapy"[MeSH Terms]'),
        ("mood/therapy[mh:noexp]", [], '"mood/therapy"[MeSH Terms:noexp]'),
        ("melancholy[majr]", [1], '"melancholy"[MeSH Major Topic]'),
        ("therapy[sh]", [1], '"therapy"[MeSH Subheading]'),
        ("melanch*[mh]", [1], '"melanch*"[MeSH Terms]'),
        ("sorrow", [3, 1], '"sadness"[MeSH Terms] OR "sadness"[All Fields] OR "sorrow"[All Fields]'),
        ("journal article[pt]", [4, 3, 2, 1], '"journal article"[Publication Type]'),
        ("muller j[au]", [2], 'muller j[Author]'),
        ("Müller[au]", [2], 'müller[Author]'),
        ('"muller j"[au]', [], '"muller j"[Author]'),
        ("muller[1au] NOT muller[lastau]", [2], None),
        ("jane muller[fau]", [2], 'jane muller[Full Author Name]'),
        ("muller ja", [2], 'muller ja[Author]'),
        ("utopia[ad]", [2], '"utopia"[Affiliation]'),
        ("utopia[tiab]", [], '"utopia"[Title/Abstract]'),
        ("1234-5678[ta] AND 7[vi]", [4, 3, 2, 1], '"1234-5678"[Journal] AND "7"[Volume]'),
        ("english[la]", [4, 3, 2, 1], '"eng"[Language]'),
        ("2020:2021[dp]", [4], "2020/01/01:2021/12/31[Date - Publication]"),
        ("2019/03[dp]", [3, 2, 1], "2019/03/01:2019/03/31[Date - Publication]"),
        ("2019/03/05[edat]", [3, 2, 1], "2019/03/05:2019/03/05[Date - Entry]"),
        ("2:3[pmid]", [3, 2], "2:3[UID]"),
        ("1 4[uid]", [4, 1], "1 4[UID]"),
        ("hasabstract", [3, 1], "hasabstract[All Fields]"),
        ("hasstructuredabstract OR hascommenton[all]", [], None),
        ("english[Filter] NOT humans[Filter]", [4, 3, 2, 1], "english[Filter] NOT humans[Filter]"),
        ("2 4 99", [4, 2], "2 4 99[UID]"),
        ("heart '", [4, 3, 2, 1], None),
        ("systematic[sb]", [], "systematic[Filter]"),
        ("it's", [], None),
    ],
)  # fmt: skip
def test_a_clause_finds_what_pubmed_would_find(
    directory: DataDirectory, query: str, expected: list[int], translation: str | None
) -> None:
    """And says how it was understood."""
    found = search_corpus(directory, query)
    assert pmids(found) == expected
    assert search_corpus(directory, query, with_titles=False).citations.to_pylist() == [{"pmid": p} for p in expected]
    assert translation in (None, found.translation)


def test_words_that_are_no_heading_are_searched_with_those_of_their_stem(directory: DataDirectory) -> None:
    """Stop words are left out, and named."""
    found = search_corpus(directory, "the heart in sorrow")
    assert pmids(found) == [3, 1]
    assert found.translation == (
        '("heart"[All Fields] OR "hearts"[All Fields]) AND '
        '("sadness"[MeSH Terms] OR "sadness"[All Fields] OR "sorrow"[All Fields])'
    )
    assert found.notes == ["'the' is a word that PubMed leaves out.", "'in' is a word that PubMed leaves out."]


@pytest.mark.parametrize(
    "query", ["heart[ti] AND / AND young[ti]", "/ OR young[ti]", "(/) OR young[ti]", "young[ti] NOT (% OR @)"]
)
def test_a_clause_without_a_word_is_left_out_and_noted(directory: DataDirectory, query: str) -> None:
    """It would empty the whole search."""
    found = search_corpus(directory, query)
    assert pmids(found) == [1]
    assert "has no word in it and was left out" in found.notes[0]


def test_a_name_of_mesh_is_found_with_and_for_the_sign(directory: DataDirectory) -> None:
    """Strategies write `statistics and numerical data`, MeSH `statistics & numerical data`."""
    found = search_corpus(directory, "wit and humor[sh]")
    assert found.translation == '"wit & humor"[MeSH Subheading]'
    assert not [note for note in found.notes if "MeSH" in note]


def test_a_phrase_keeps_its_fields_beside_one_in_all_fields(tmp_path: Path) -> None:
    """The texts of all fields are read for both; the title has the words of the first, and a heading the phrase."""
    heading = HEADINGS.replace("drug therapy", "wit &amp; humor")
    directory = DataDirectory(tmp_path)
    commit(directory, article(1, title="Humor without wit", parts=("", heading, "")))
    build.publish(directory)
    both = '"wit humor"[{}] OR "nothing like it"[all]'
    assert pmids(search_corpus(directory, both.format("all"))) == [1]
    assert pmids(search_corpus(directory, both.format("tiab"))) == []
    assert search_corpus(directory, both.format("tiab"), with_counts=True).counts == [0, 0]


def test_a_name_that_mesh_lacks_is_found_with_and_for_the_sign_too(tmp_path: Path) -> None:
    """No qualifiers were read, and the record has no identifier of a type: names are compared, in one form."""
    directory = DataDirectory(tmp_path)
    heading = """<MeshHeadingList><MeshHeading><DescriptorName UI="D03" MajorTopicYN="N">Melancholy</DescriptorName>
    <QualifierName UI="Q09" MajorTopicYN="N">wit &amp; humor</QualifierName></MeshHeading></MeshHeadingList>"""
    record = article(1, parts=("", heading, "")).replace(
        "</Language>",
        '</Language><PublicationTypeList><PublicationType UI="">REVIEW</PublicationType></PublicationTypeList>',
    )
    assert "REVIEW" in record
    commit(directory, record)
    (tmp_path / "desc2026.xml").write_bytes(mesh_set(descriptor("D10", "Review", trees=["V02"])))
    list(add_mesh(load_settings(data_dir=tmp_path), [tmp_path / "desc2026.xml"]))
    assert pmids(search_corpus(directory, "wit and humor[sh]")) == [1]
    assert pmids(search_corpus(directory, "review[pt]")) == [1]


def test_each_clause_is_counted_and_the_sql_finds_the_same(directory: DataDirectory) -> None:
    """A reviewer reports what each line of a strategy finds; the statement stands by itself."""
    found = search_corpus(directory, '(heart[ti] OR "heart attack"[tiab]) not (young[ti])', with_counts=True)
    assert list(zip(found.counts, [line.translation for line in found.lines], strict=True)) == [
        (2, '"heart"[Title]'),
        (2, '"heart attack"[Title/Abstract]'),
        (1, '"young"[Title]'),
    ]
    assert found.notes == ["'not' at character 37 was read as the operator NOT."]
    with duckdb.connect(directory.database, read_only=True) as con:
        assert [row[0] for row in con.execute(found.sql).fetchall()] == pmids(found) == [3, 2]


@pytest.mark.parametrize(
    "query",
    [
        "heart AND attack",
        "heart NOT (sorrow OR young[ti])",
        'NOT "heart attack"[tiab]',
        '("heart attack"[tiab] OR mood[mh]) NOT "of the heart"[ti] AND 2:3[pmid]',
        "excludepreprints[sb] AND heart*[ti]",
    ],
)
def test_a_search_finds_what_follows_from_its_clauses(directory: DataDirectory, query: str) -> None:
    """Together and apart, although terms looked up together share a mark."""
    con = open_published(directory)
    together = write_statement(con, query, today=date(2026, 1, 1))
    apart = write_statement(con, query, today=date(2026, 1, 1), is_by_clause=True)
    assert sorted(con.execute(together.sql).fetchall()) == sorted(con.execute(apart.sql).fetchall())
    assert [line.translation for line in together.lines] == [line.translation for line in apart.lines]
    con.close()


def test_entrez_leaves_out_a_heading_that_is_not_in_mesh(directory: DataDirectory) -> None:
    """A former heading that a citation has stays; the command searches the words as they stand."""
    con = open_published(directory)
    for query, translation in (
        ("fleegle[MeSH Terms] OR mood[mh]", '"mood"[MeSH Terms]'),
        ("mood[mh] AND (fleegle[mh] OR flaggle[majr])", '"mood"[MeSH Terms]'),
        ("fleegle[mh]", ""),
    ):
        statement = write_statement(con, query, today=date(2026, 1, 1), is_forgiving=True)
        assert statement.translation == translation
        assert "fleegle" in " ".join(line.translation for line in statement.lines)
        assert bool(con.execute(statement.sql).fetchall()) == bool(translation)
    con.close()
    assert search_corpus(directory, "fleegle[MeSH Terms] OR mood[mh]").translation == (
        '"fleegle"[MeSH Terms] OR "mood"[MeSH Terms]'
    )


def test_the_most_relevant_come_first_if_asked_for(directory: DataDirectory) -> None:
    """By BM25 over title and abstract; without words, the newest."""
    assert pmids(search_corpus(directory, "heart OR cardiology", sort="relevance"))[0] == 3
    assert pmids(search_corpus(directory, "2:3[pmid]", sort="relevance")) == [3, 2]


def test_only_the_first_are_listed_if_asked_for_and_all_are_counted(directory: DataDirectory) -> None:
    """In the order asked for, with their titles or alone."""
    for with_titles in (True, False):
        found = search_corpus(directory, "heart[tiab]", limit=2, with_titles=with_titles)
        assert (pmids(found), found.found_count) == ([3, 2], 3)
    assert search_corpus(directory, "heart[tiab]", limit=2).citations["title"][1].as_py() == "An attack of the heart"
    assert search_corpus(directory, "heart OR cardiology", sort="relevance", limit=1).citations["pmid"][0].as_py() == 3
    assert search_corpus(directory, "nowhere[ti]", limit=1).citations.num_rows == 0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("a[ti] AND b[tittle]", r"\[tittle\] at character 11 is no field of PubMed"),
        ("a[book]", r"\[book\] at character 1: the corpus does not have Book"),
        ("free full text[sb]", "'free full text' at character 1 is a subset that the corpus cannot tell"),
        ("#1 AND a", "#1 at character 1 names an earlier search"),
        ("2020/13[dp]", "'2020/13' at character 1 is not a date"),
        ("12a[pmid]", "'12a' at character 1 is not a PMID"),
        ("x OR " * 2_500 + "y", "2,501 clauses"),
        ("a[ti", "bracket at character 2 has no partner"),
    ],
)
def test_what_cannot_be_answered_is_named_and_never_left_out(
    directory: DataDirectory, query: str, sentence: str
) -> None:
    """A count that ignores a clause would be wrong."""
    with pytest.raises(SearchError, match=sentence):
        search_corpus(directory, query)


@pytest.mark.parametrize("operator", [" OR ", " AND ", " NOT "])
def test_a_strategy_of_hundreds_of_clauses_is_answered(directory: DataDirectory, operator: str) -> None:
    """Operators that change with each clause are one step each."""
    query = operator.join(f"heart{number}[ti] OR heart[ti]" for number in range(150))
    assert pmids(search_corpus(directory, query)) == [2, 1]


def test_quotes_and_patterns_in_a_search_are_texts(directory: DataDirectory) -> None:
    """Nothing of a search becomes SQL or a regular expression."""
    for query in ("it's --[ti]", "'; DROP TABLE citation[au]", "100%[ta]", "h.art a+tack[ti]", "x' OR '1[mh]"):
        assert pmids(search_corpus(directory, query.replace("OR", "or"))) == []


def test_there_are_two_orders(directory: DataDirectory) -> None:
    """Another one is refused by name."""
    with pytest.raises(UsageError, match="--sort best"):
        search_corpus(directory, "a", sort="best")


def test_a_file_of_another_version_is_named_with_the_next_step(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its index is not the one that is asked."""
    monkeypatch.setattr("flows.corpus_search.rarest.listed", lambda _: "(SELECT word FROM program.of_earlier)")
    with pytest.raises(StoreError, match=r"another version; publish it again with `corpus compact`"):
        search_corpus(directory, "heart[ti] AND attack[ti]")
