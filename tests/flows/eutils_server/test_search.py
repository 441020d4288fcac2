"""What a term finds, and what Entrez says about it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.eutils_server.records import RecordStore
from tests.records import article, article_set
from warehouse.errors import SearchError

REFERENCES = """<ReferenceList><Reference><Citation>One.</Citation><ArticleIdList>
<ArticleId IdType="pubmed">1</ArticleId><ArticleId IdType="doi">10.1/cited</ArticleId></ArticleIdList></Reference>
</ReferenceList>"""
SECOND = """<ELocationID EIdType="doi" ValidYN="Y">https://doi.org/10.1/Two</ELocationID>
<Abstract><AbstractText>A beta-blocker, given to M\u00fcller's rats.</AbstractText></Abstract>
<AuthorList><Author ValidYN="N"><LastName>Smyth</LastName><Initials>JA</Initials></Author>
<Author><LastName>Smith</LastName><ForeName>John A</ForeName><Initials>JA</Initials></Author>
<Author><LastName>Doe</LastName><Initials>B</Initials></Author></AuthorList>"""
HEADINGS = """<MeshHeadingList>
<MeshHeading><DescriptorName UI="D1" MajorTopicYN="N">Rats, Wistar</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName UI="D2" MajorTopicYN="N">Depression</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y">drug therapy</QualifierName></MeshHeading></MeshHeadingList>"""
RECORDS = article_set(
    article(1, title="Ketamine in <i>rats</i>.", revised=("2020", "01", "02")),
    article(
        2,
        title="Ketamine in depressed rats.",
        revised=("2026", "11", "20"),
        parts=(SECOND, HEADINGS, REFERENCES),
    ),
    article(3, title="Something else &amp;amp;#x2009;&amp;lt;i&amp;gt;."),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RecordStore:
    """Three records; the second one has all that can be searched."""
    path = tmp_path_factory.mktemp("records") / "r.xml"
    path.write_bytes(RECORDS)
    return RecordStore.from_paths([path])


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("ketamine rats", {1, 2}),
        ("ketamine NOT depressed", {1}),
        ("NOT ketamine", {3}),
        ("(depressed OR else) AND ketamine", {2}),
        ("else OR ketamine AND depressed", {2}),  # From left to right.
        ('"something else"[ti]', {3}),
        ('"else something"[ti]', set()),
        ("else something[ti]", set()),
        ("depress*[tiab]", {2}),
        ('"ketamine in dep*"', {2}),
        ("beta-blocker", {2}),
        ("muller", {2}),
        ("2[uid]", {2}),
        ("2:3[UID]", {2, 3}),
        ("3", {3}),
        ("rats NOT 1 2", set()),
        ("1 3 99", {1, 3}),
        ("2026[mdat]", {2}),
        ("2020/01:2020/01/31[mdat]", {1, 3}),
        ("2020/01 : 2020/01/31 [Date - Modification]", {1, 3}),
        ('("2020"[mdat] : "3000"[mdat])', {1, 2, 3}),
        ("2019/03/05[edat]", {1, 2, 3}),
        ("2019/03[dp]", {1, 2, 3}),
        ("2019/04:3000[dp]", set()),
        ("smith j[au]", {2}),
        ('"smith j"[au]', set()),
        ("smith[Author]", {2}),
        ("smi[au]", set()),
        ("Smith John A[fau]", {2}),
        ("smith ja[1au] AND doe b[lastau]", {2}),
        ("doe b[1au]", set()),
        ("Rats, Wistar[mh]", {2}),
        ("rats[mh]", set()),
        ("depression/drug therapy[majr]", {2}),
        ("depression[majr]", {2}),
        ("Journal Article[pt] AND english[la]", {1, 2, 3}),
        ("J Invent Res[ta]", {1, 2, 3}),
        ("1234-5678[ta]", {1, 2, 3}),
        ("10.1/cited[doi]", set()),  # The paper that cites does not have the identifiers of the cited one.
        ("10.1/two[doi]", {2}),
        ("doi:10.1/TWO[aid]", {2}),
        ("lt", set()),  # What was escaped twice is not a word.
        ("smyth ja[au]", {2}),
        ("smyth ja[1au]", set()),
        ("hasabstract", {2}),
        ('"rats ketamine"[ti:~1]', {1}),
        ('"rats ketamine"[ti:~2]', {1, 2}),
        ('"rats ketamine"[tiab:~0]', set()),
        ("else not (Ketamine[ti] and rats[ti])", {3}),  # Lower case, where no word can stand.
        ("\u201csomething else\u201d[Title]", {3}),
        ("Depression[mh:noexp]", {2}),
        ("all[sb] NOT pubmed books[sb]", {1, 2, 3}),
        ("medline[sb]", {1, 2, 3}),
        ("#1 AND rats", {1}),
        ("nothing", set()),
        ("yesterday[mdat]", set()),
    ],
)
def test_a_term_finds_what_it_says(store: RecordStore, term: str, expected: set[int]) -> None:
    """Words, phrases, values, dates, operators from left to right, and earlier sets."""
    assert set(store.search(term, {1: [1, 3]}).pmids) == expected


@pytest.mark.parametrize(
    "term",
    [
        "(ketamine",
        "ketamine)",
        '"ketamine',
        "[ti]",
        "2020[mdat] :",
        "#3",
        "(" * 2000,
        "ketamine]",
        "ketamine OR",
        "()",
        "a AND OR b",
    ],
)
def test_a_term_that_is_not_understood_is_an_error(store: RecordStore, term: str) -> None:
    """Nothing is searched by guess."""
    with pytest.raises(SearchError):
        store.search(term, {})


def test_what_is_not_found_is_named(store: RecordStore) -> None:
    """As ESearch's ErrorList and WarningList have it."""
    result = store.search('nothing[ti] OR "no such"[ti] OR yesterday[mdat] OR rats[nofield]', {})
    assert result.phrases_not_found == ["nothing[ti]", "yesterday[mdat]"]
    assert result.quoted_not_found == ['"no such"']
    assert result.fields_not_found == ["nofield"]
    assert set(result.pmids) == {1, 2}


def test_the_translation_says_how_a_term_was_read(store: RecordStore) -> None:
    """With NCBI's full names of fields, and whole dates."""
    result = store.search("(ketamine rat*[ti]) NOT 2020:2020/02[mdat]", {})
    assert result.translation == '"ketamine rat*"[Title] NOT 2020/01/01:2020/02/29[Date - Modification]'
    assert store.search("else OR ketamine rats", {}).translation == (
        '"else"[All Fields] OR ("ketamine"[All Fields] AND "rats"[All Fields])'
    )
    result = store.search("smith ja", {})
    assert result.translations == [("smith ja", "smith ja[Author]")]


def test_the_most_relevant_comes_first(store: RecordStore) -> None:
    """Rare words come before common ones; equal scores from the newest to the oldest."""
    assert list(store.search("ketamine OR something OR else", {}, "relevance").pmids) == [3, 2, 1]
    assert list(store.search("ketamine", {}, "relevance").pmids) == [2, 1]


def test_a_later_version_takes_the_place_of_its_record(tmp_path: Path) -> None:
    """Its words are found, those of the earlier one no longer."""
    (tmp_path / "a.xml").write_bytes(article_set(article(1, title="Old words."), article(2, version=2)))
    (tmp_path / "b.xml").write_bytes(article_set(article(1, title="New text."), article(2, title="Lower version.")))
    store = RecordStore.from_paths([tmp_path])
    assert [list(store.search(term, {}).pmids) for term in ("old", "new", "lower")] == [[], [1], []]


def test_a_term_of_ten_thousand_pmids_is_answered(store: RecordStore) -> None:
    """Clients send such terms by POST."""
    term = " OR ".join(f"{pmid}[uid]" for pmid in range(2, 10_002))
    assert set(store.search(term, {}).pmids) == {2, 3}


TOKENS = st.sampled_from(
    ["ketamine", "rat*", "(", ")", '"', "AND", "OR", "NOT", "[ti]", "[dp]", "[uid]", "[sb]", "[au]", "[", "]", "#1",
     "#", ":", "*", "2020", "2020/13", "1:2", "-", "'", "{", "^", "+", ",", "é", "\ue000", "\x00", "None", "NEAR(a b)"]
)  # fmt: skip


@given(st.lists(st.one_of(TOKENS, st.text(max_size=4)), max_size=12).map(" ".join))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_term_is_answered_or_refused(store: RecordStore, term: str) -> None:
    """Nothing that a client can write reaches SQLite as anything but words."""
    try:
        result = store.search(term, {1: [1, 3]})
    except SearchError as exc:
        assert str(exc)  # noqa: PT017 - either end is right
    else:
        assert set(result.pmids) <= store.pmids
