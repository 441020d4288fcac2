"""Search by BM25 in plain SQL: words, stems, ranking."""

from pathlib import Path

import duckdb
import pytest

from tests.corpora import commit
from tests.records import article
from warehouse import build
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory

ABSTRACT = "<Abstract><AbstractText>{}</AbstractText></Abstract>"


def abstract_of(text: str) -> tuple[str, str, str]:
    """The parts of a record with an abstract."""
    return (ABSTRACT.format(text), "", "")


def found(directory: DataDirectory, question: str) -> list[int]:
    """PMIDs that a search finds, best first."""
    with duckdb.connect(directory.database, read_only=True) as con:
        return [pmid for (pmid,) in con.execute("SELECT pmid FROM search($1)", [question]).fetchall()]


# Porter's own examples, step by step, and words that the conditions keep as they are.
STEMS = """caresses caress  ponies poni  caress caress  cats cat  feed feed  agreed agre  plastered plaster  bled bled
motoring motor  sing sing  conflated conflat  troubled troubl  sized size  hopping hop  tanned tan  falling fall
hissing hiss  fizzed fizz  failing fail  filing file  happy happi  sky sky  relational relat  conditional condit
rational ration  valenci valenc  digitizer digit  conformabli conform  radicalli radic  differentli differ  vileli vile
analogousli analog  vietnamization vietnam  predication predic  operator oper  feudalism feudal  decisiveness decis
hopefulness hope  callousness callous  formaliti formal  sensitiviti sensit  sensibiliti sensibl  triplicate triplic
formative form  formalize formal  electriciti electr  electrical electr  hopeful hope  goodness good  revival reviv
allowance allow  inference infer  airliner airlin  gyroscopic gyroscop  adjustable adjust  defensible defens
irritant irrit  replacement replac  adjustment adjust  dependent depend  adoption adopt  homologou homolog
communism commun  activate activ  angulariti angular  homologous homolog  effective effect  bowdlerize bowdler
probate probat  rate rate  cease ceas  controll control  roll roll  yes ye  youth youth  physiology physiolog
ketamine ketamin  mg mg  5ht2a 5ht2a  überlebens überlebens""".split()  # noqa: SIM905


def test_stems_are_those_of_porters_algorithm() -> None:
    """The build and every client must come to the same ones."""
    expected = dict(zip(STEMS[::2], STEMS[1::2], strict=True))
    with duckdb.connect() as con:
        con.execute(read_statement("create_search_stem"))
        assert dict(con.execute("FROM search_stem($1)", [list(expected)]).fetchall()) == expected


def test_the_length_of_a_citation_leaves_out_stop_words(tmp_path: Path) -> None:
    """A word counts each time it occurs in a title or the abstract; a citation without any has length 0."""
    directory = DataDirectory(tmp_path)
    affiliation = "<AffiliationInfo><Affiliation>Department of Rats</Affiliation></AffiliationInfo>"
    author = f"<AuthorList><Author><LastName>Rat</LastName>{affiliation}</Author></AuthorList>"
    commit(
        directory,
        article(1, title="The rats of the rats", parts=(ABSTRACT.format("Of mice, mice"), author, "")),
        article(2, title="Of the", parts=("", author, "")),
    )
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        assert con.execute("FROM program.search_length ORDER BY pmid").fetchall() == [(1, 4), (2, 0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The role of ketamine in treatment-resistant depression", "role ketamine treatment resistant depression"),
        ("Crème brûlée: IL-6, 5-HT2A and β-catenin", "creme brulee il 6 5 ht2a beta catenin"),
        ("of the", ""),
        ("x" * 65, ""),
    ],
)
def test_words_are_lower_case_without_accents_and_stop_words(text: str, expected: str) -> None:
    """Hyphens cut; letters of any script stay, Greek ones by their names."""
    with duckdb.connect() as con:
        for name in ("search_plain", "search_greek", "search_fold", "search_split", "search_stop", "search_word"):
            con.execute(read_statement(f"create_{name}"))
        assert con.execute("SELECT search_word($1)", [text]).fetchall() == [(expected.split(),)]


def test_a_text_without_accents_is_folded_as_one_that_is_looked_through_for_them() -> None:
    """Every character of the basic plane, next to letters and next to a character that is searched for accents."""
    characters = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF and chr(code) != "&"]
    with duckdb.connect() as con:
        for name in ("search_plain", "search_greek", "search_fold"):
            con.execute(read_statement(f"create_{name}"))
        rows = con.execute(
            """SELECT c FROM (SELECT unnest($1::VARCHAR[]) AS c)
            WHERE search_fold('Xy' || c || 'zΣ') || 'e' <> search_fold('Xy' || c || 'zΣé')""",
            [characters],
        ).fetchall()
    assert rows == []


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ("± the role OF THE § cell", True),
        ("± of other", False),
        ("ôf thé cell", True),
        ("the β of  the", True),
        ("of théory ±", False),  # Unfolded, `the` ends before the accent.
        ("of &amp;lt;i&amp;gt;the", True),
        ("of &amp;amp;nbsp;them", False),
    ],
)
def test_a_phrase_is_looked_for_in_the_folded_text(text: str, is_match: bool) -> None:  # noqa: FBT001
    """A word ends where its accents end, and references are read."""
    pattern = r"(^|[^\p{L}\p{N}])(of[^\p{L}\p{N}]+the($|[^\p{L}\p{N}]))"
    with duckdb.connect() as con:
        for name in ("search_plain", "search_greek", "search_fold"):
            con.execute(read_statement(f"create_{name}"))
        assert con.execute("SELECT regexp_matches(search_fold($1), $2)", [text, pattern]).fetchall() == [(is_match,)]


def test_the_citation_that_says_it_more_often_and_more_rarely_said_words_come_first(tmp_path: Path) -> None:
    """BM25: frequency in the citation, rarity in the corpus, length."""
    directory = DataDirectory(tmp_path)
    commit(
        directory,
        article(1, title="Ketamine.", parts=abstract_of("Depressed mice, and ketamine for depression.")),
        article(2, title="Ketamine.", parts=abstract_of("Ketamine for anaesthesia in many other mice and rats.")),
        article(3, title="Ketamine.", parts=abstract_of("Mice.")),
        article(4, title="Nothing of it.", parts=abstract_of("Rats.")),
    )
    build.publish(directory)
    assert found(directory, "depressive") == [1]
    assert found(directory, "ketamine depression")[0] == 1
    assert found(directory, "KETAMINE")[-1] == 2
    assert found(directory, "rat") == [4, 2]
    assert found(directory, "the of") == []
    assert found(directory, "") == []
    assert found(directory, "unheard") == []


def test_scores_are_those_of_the_formula(tmp_path: Path) -> None:
    """Two citations of three and one terms: idf = ln(1 + 1.5 / 1.5), average length 2."""
    directory = DataDirectory(tmp_path)
    commit(directory, article(1, title="Alpha alpha beta"), article(2, title="Gamma"))
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        (row,) = con.execute("SELECT pmid, score FROM search('alpha')").fetchall()
    expected = 0.6931471805599453 * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert row == (1, pytest.approx(expected, abs=0.0006))


def test_a_revised_citation_is_found_by_its_new_words_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terms are kept up to date by PMID, even if a copy of the published file is updated."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    directory = DataDirectory(tmp_path)
    commit(directory, article(1, title="Ketamine."), article(2, title="Ketamine."))
    build.publish(directory)
    commit(directory, article(2, title="Esketamine."))
    monkeypatch.delattr(build, "build")
    build.publish(directory)
    assert found(directory, "ketamine") == [1]
    assert found(directory, "esketamine") == [2]


def test_citations_beyond_one_batch_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms are sorted some citations at a time."""
    monkeypatch.setattr("warehouse.search_index.CUT_AT_ONCE", 2)
    directory = DataDirectory(tmp_path)
    commit(directory, *(article(pmid, title="Ketamine.") for pmid in range(1, 6)))
    build.publish(directory)
    assert found(directory, "ketamine") == [1, 2, 3, 4, 5]


def test_a_new_index_is_in_the_order_of_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows are sorted together; later runs append, and nothing is left on disk."""
    monkeypatch.setattr("warehouse.search_index.CUT_AT_ONCE", 2)
    monkeypatch.setattr("warehouse.search_index.SORTED_AT_ONCE", 3)
    monkeypatch.setattr("warehouse.search_index.SORTED_ROW_BYTES", 1 << 50)
    monkeypatch.setattr("warehouse.search_index.SAMPLED", 1)
    directory = DataDirectory(tmp_path)
    commit(directory, *(article(pmid, title=f"Alpha of zeta number {pmid}.") for pmid in range(1, 8)))
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        afresh = con.execute("SELECT word, field, pmid FROM program.search_index").fetchall()
    assert afresh == sorted(afresh)
    assert {(word, pmid) for word, _, pmid in afresh} >= {("alpha", 1), ("zeta", 7), ("7", 7)}
    assert list(tmp_path.rglob("words-*")) == []
    monkeypatch.undo()
    build.publish(directory, afresh=True)
    with duckdb.connect(directory.database, read_only=True) as con:
        assert con.execute("SELECT word, field, pmid FROM program.search_index ORDER BY ALL").fetchall() == sorted(
            afresh
        )


def test_words_that_a_citation_keeps_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision costs what it changes: only lists of the words that came, went or are counted otherwise are new."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    directory = DataDirectory(tmp_path)
    commit(directory, *(article(pmid, title="Ketamine in mood, in rats.") for pmid in range(1, 4)))
    build.publish(directory)
    query = "SELECT word, list(pmids ORDER BY pmids) FROM program.posting_list WHERE field = 'title' GROUP BY word"
    with duckdb.connect(directory.database, read_only=True) as con:
        before = dict(con.execute(query).fetchall())
    commit(directory, article(2, title="Ketamine in mood, esketamine."))
    monkeypatch.delattr(build, "build")
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        after = dict(con.execute(query).fetchall())
        words = con.execute(
            "SELECT word FROM program.search_vocabulary WHERE word IN ('esketamine', 'rats')"
        ).fetchall()
    assert before == {word: [[1, 2, 3]] for word in ("in", "ketamine", "mood", "rats")}
    # In the title of 2, `in` stands once now.
    assert after == {**before, "rats": [[1, 3]], "in": [[1, 3], [2]], "esketamine": [[2]]}
    assert sorted(words) == [("esketamine",), ("rats",)]
    commit(directory, *(article(pmid, title="Ketamine.") for pmid in (1, 3)))
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        assert con.execute("SELECT 1 FROM program.search_vocabulary WHERE word = 'rats'").fetchall() == []
