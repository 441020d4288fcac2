"""DOIs in one form, and texts that were escaped twice: the corpus and the functions of transforms agree."""

import duckdb
import pytest

from flows.corpus_search.ask import search_corpus
from flows.eutils_server.record_fields import words_of
from tests.corpora import commit, select
from tests.records import article
from transforms.values import normal_doi, plain_text
from warehouse import build
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory

DOI = '<ArticleIdList><ArticleId IdType="doi">{}</ArticleId>'
LOCATION = '<ELocationID EIdType="doi" ValidYN="{}">{}</ELocationID>'

DOIS = [
    ("https://doi.org/10.5555/xyz", "10.5555/xyz"),
    ("http://dx.doi.org/10.5555/xyz", "10.5555/xyz"),
    ("doi:10.5555/abc", "10.5555/abc"),
    ("DOI: https://doi.org/10.5555/abc", "10.5555/abc"),
    (" 10.5555/SAME. ", "10.5555/same"),
    ("10.1007%252Fs00586-011-2029-6", "10.1007/s00586-011-2029-6"),
    ("10.5555/a+b%3Cc%3E", "10.5555/a+b<c>"),
    (
        "10.1002/(SICI)1097(1998)17:15/16&lt;1661::AID&gt;3.0.CO;2-2",
        "10.1002/(sici)1097(1998)17:15/16<1661::aid>3.0.co;2-2",
    ),
    ("10.3129/can j ophthalmol.06", "10.3129/can j ophthalmol.06"),
    ("10.5555/%FF", "10.5555/%ff"),
    ("51466", None),
    ("0.1109/TUFFC.2012.2486", None),
    ("10.5555", None),
    ("", None),
]

ESCAPED = [
    "Effect of &lt;i&gt;BRCA1&lt;/i&gt; &amp; p&#x2009;&lt;&#x2009;0.05",
    "4.5 &lt;sup&gt;2&lt;/sup&gt; R&amp;D, CO&amp;lt;sub&amp;gt;2&amp;lt;/sub&amp;gt;",
    "caf&eacute; na&iuml;ve &Uuml;ber; AT&T; R&D, p<0.05 & x;",
    "IFN&gamma; &Delta;F508 3&nbsp;mg 5&plusmn;2 &#233;t&#xE9;",
    "&#55300; &#1114112; &#xD800; &#0; &unknown; &#; &",
]


def ask_macro(call: str, text: str) -> object:
    """What a macro of the corpus makes of a text."""
    with duckdb.connect() as con:
        for name in ("normal_doi", "search_plain", "search_greek", "search_fold", "search_split"):
            con.execute(read_statement(f"create_{name}"))
        ((value,),) = con.execute(f"SELECT {call}($1)", [text]).fetchall()
        return value


@pytest.mark.parametrize(("text", "expected"), DOIS)
def test_a_doi_has_one_form(text: str, expected: str | None) -> None:
    """In SQL and in Python; what is not a DOI has none."""
    assert normal_doi(text) == expected
    assert ask_macro("normal_doi", text) == expected


@pytest.mark.parametrize("text", ESCAPED)
def test_a_text_escaped_twice_has_the_same_words_in_python_and_in_sql(text: str) -> None:
    """The server and the corpus search for the same words."""
    assert ask_macro("search_plain", text) == plain_text(text)
    assert ask_macro("search_split", text) == words_of(text)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """DOIs as people write them, two of them the same; a title that was escaped twice."""
    directory = DataDirectory(tmp_path_factory.mktemp("data"))
    escaped = ESCAPED[0].replace("&", "&amp;")
    commit(
        directory,
        article(1, title=escaped).replace("<ArticleIdList>", DOI.format("https://doi.org/10.5555/XYZ")),
        article(2, parts=(LOCATION.format("Y", "doi:10.5555/xyz") + LOCATION.format("N", "10.5555/Wrong"), "", "")),
        article(3).replace("<ArticleIdList>", DOI.format("51466")),
    )
    build.publish(directory)
    return directory


def test_dois_are_joined_on_their_one_form(directory: DataDirectory) -> None:
    """Beside the verbatim one; DOIs that several citations share are listed."""
    assert select(directory, "FROM citation_doi ORDER BY ALL") == [
        (1, "10.5555/xyz", "https://doi.org/10.5555/XYZ", True),
        (2, "10.5555/wrong", "10.5555/Wrong", False),
        (2, "10.5555/xyz", "doi:10.5555/xyz", True),
    ]
    assert select(directory, "FROM doi_shared") == [("10.5555/xyz", 2, [1, 2], True)]
    assert select(directory, "SELECT doi, normal_doi FROM article ORDER BY pmid") == [
        ("https://doi.org/10.5555/XYZ", "10.5555/xyz"),
        ("doi:10.5555/xyz", "10.5555/xyz"),
        ("51466", None),
    ]


@pytest.mark.parametrize("query", ["10.5555/xyz[doi]", "doi:10.5555/XYZ[aid]", "https://doi.org/10.5555/xyz[lid]"])
def test_a_doi_is_found_however_it_is_written(directory: DataDirectory, query: str) -> None:
    """In the record and in the search."""
    assert search_corpus(directory, query).citations["pmid"].to_pylist() == [2, 1]


def test_an_identifier_that_is_no_doi_is_found_as_it_stands(directory: DataDirectory) -> None:
    """Some records have such DOIs."""
    assert search_corpus(directory, "51466[aid]").citations["pmid"].to_pylist() == [3]


def test_escapes_are_no_words(directory: DataDirectory) -> None:
    """Verbatim they stay in citation."""
    words = "SELECT list(word ORDER BY word) FROM program.search_index WHERE pmid = 1 AND field = 'title'"
    assert select(directory, words) == [(["0", "05", "brca1", "effect", "of", "p"],)]
    assert select(directory, "SELECT article_title FROM citation WHERE pmid = 1") == [(ESCAPED[0],)]
    for query in ('"effect of brca1"[ti]', "p 0 05[ti]"):
        assert search_corpus(directory, query).citations["pmid"].to_pylist() == [1]
