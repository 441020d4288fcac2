"""Retractions, concerns, preprints and duplicates: what one record says of another, whichever comes first."""

from pathlib import Path

import pytest

from tests.corpora import NOON, commit, select
from tests.records import article
from warehouse import build
from warehouse.query import read_retracted, read_run_changes
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.ledger import DELETED_CITATION, OUTCOMES, REQUEST, RUN
from warehouse.store import DataDirectory

TIE = (
    "<CommentsCorrectionsList><CommentsCorrections RefType='{}'><RefSource>{}</RefSource>{}"
    "</CommentsCorrections></CommentsCorrectionsList>"
)
PMID = "<PMID Version='1'>{}</PMID>"
DOI = '<ELocationID EIdType="doi" ValidYN="Y">{}</ELocationID>'
AUTHORS = "<AuthorList>{}</AuthorList>"
AUTHOR = "<Author ValidYN='Y'><LastName>{}</LastName><Initials>A</Initials></Author>"
ABSTRACT = "<Abstract><AbstractText>{}</AbstractText></Abstract>"
JOURNAL = "<MedlineTA>J Invent Res</MedlineTA><NlmUniqueID>0000001</NlmUniqueID>"
OTHER_JOURNAL = "<MedlineTA>J Other Res</MedlineTA><NlmUniqueID>0000002</NlmUniqueID>"
PREPRINT = '<PublicationType UI="D000076942">Preprint</PublicationType></PublicationTypeList>'
TITLE = "A title that is long enough to tell a study."


def tied(pmid: int, ref_type: str, to: int | str, *, doi: str = "") -> str:
    """A record with a tie to a PMID, or to something named in words."""
    words, number = ("J Invent Res. 2020", PMID.format(to)) if isinstance(to, int) else (to, "")
    return article(pmid, title=f"Title {pmid}.", parts=(doi, TIE.format(ref_type, words, number), ""))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Papers and preprints with ties of every kind."""
    directory = DataDirectory(tmp_path_factory.mktemp("data"))
    commit(
        directory,
        article(1, title="Only the notice says so."),
        tied(2, "RetractionOf", 1),
        tied(3, "RetractedandRepublishedIn", 4),
        tied(4, "RetractedandRepublishedFrom", 3),
        article(5, title="Its DOI is in the notice.", parts=(DOI.format("https://doi.org/10.5555/Five"), "", "")),
        tied(6, "RetractionOf", "J Invent Res. 2020. doi: 10.5555/five."),
        tied(7, "ExpressionOfConcernFor", 1),
        tied(8, "PartialRetractionIn", 999),
        tied(10, "UpdateIn", 11, doi=DOI.format("10.5555/ten")).replace("</PublicationTypeList>", PREPRINT),
        article(11, title="The article."),
        tied(12, "UpdateOf", "doi: 10.5555/thirteen"),
        article(13, parts=(DOI.format("10.5555/thirteen"), "", "")).replace("</PublicationTypeList>", PREPRINT),
        tied(14, "UpdateOf", "bioRxiv. 2020 May 2:2020.05.01.1. doi: 10.1101/2020.05.01.1"),
        tied(15, "UpdateOf", "Cochrane Database Syst Rev. 2000;(4):CD1. doi: 10.1002/14651858.CD1"),
        tied(16, "RetractionOf", "doi: 10.5555/not-held"),
    )
    build.publish(directory)
    return directory


def test_a_paper_of_which_only_the_notice_says_so_is_retracted(directory: DataDirectory) -> None:
    """By PMID or by DOI; citation keeps what the record itself says."""
    assert select(directory, "SELECT pmid FROM article WHERE is_retracted ORDER BY 1") == [(1,), (3,), (5,)]
    assert select(directory, "FROM retracted ORDER BY 1") == [(1,), (3,), (5,)]
    assert select(directory, "SELECT pmid, notice_pmid, republished_pmid, is_held FROM retraction ORDER BY 1") == [
        (1, 2, None, True),
        (3, 4, 4, True),
        (5, 6, None, True),
    ]
    assert select(directory, "SELECT pmid FROM citation WHERE is_retracted") == [(3,)]
    assert select(directory, "SELECT retracted_count FROM journal") == [(3,)]


def test_concerns_and_partial_retractions_are_no_retractions(directory: DataDirectory) -> None:
    """They have a view of their own, which says what was since retracted."""
    assert select(directory, "SELECT pmid, what, notice_pmid, is_retracted, is_held FROM concern ORDER BY 1") == [
        (1, "expression of concern", 7, True, True),
        (8, "partial retraction", 999, False, True),
    ]


def test_a_preprint_and_its_article_are_tied_by_pmid_or_by_doi(directory: DataDirectory) -> None:
    """What is not held is named by its DOI; the update of a review is not an article of a preprint."""
    asked = "SELECT preprint_pmid, preprint_doi, article_pmid, is_by_doi FROM preprint ORDER BY article_pmid"
    assert select(directory, asked) == [
        (10, "10.5555/ten", 11, False),
        (13, "10.5555/thirteen", 12, True),
        (None, "10.1101/2020.05.01.1", 14, None),
    ]


def test_a_notice_that_comes_later_is_told_and_changes_the_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paper's own record stays as it is."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    directory = DataDirectory(tmp_path)
    commit(directory, article(1), article(9))
    build.publish(directory)
    assert select(directory, "FROM retracted") == []
    second = commit(directory, tied(2, "RetractionOf", 1)).name.removeprefix("run=")
    build.publish(directory)
    assert select(directory, "SELECT pmid FROM article WHERE is_retracted") == [(1,)]
    assert read_retracted(directory, second, second) == [1]
    told = read_run_changes(directory, second)
    assert (told.retracted, told.retracted_new) == ([1], [])


def test_a_notice_that_nlm_withdrew_says_nothing(tmp_path: Path) -> None:
    """Its record stays, with its tie."""
    directory = DataDirectory(tmp_path)
    commit(directory, article(1), tied(2, "RetractionOf", 1), article(3), tied(4, "ExpressionOfConcernFor", 3))
    writer = start_run(directory, NOON)
    rows = [(pmid, "DeleteCitation", "file", writer.run_id) for pmid in (2, 4)]
    writer.write({"deleted_citation": DELETED_CITATION.to_arrow(rows)})
    stamp = NOON.replace(tzinfo=None)
    counts = (2 * int(outcome == "deleted") for outcome in OUTCOMES)
    run = (writer.run_id, "ingest", stamp, stamp, "test", None, 2, *counts, True, 0, "0", None)
    requests = [(writer.run_id, pmid, "file", "deleted", None) for pmid in (2, 4)]
    writer.write({"run": RUN.to_arrow([run]), "request": REQUEST.to_arrow(requests)})
    commit_run(writer)
    build.publish(directory)
    assert select(directory, "SELECT pmid FROM article WHERE is_deleted ORDER BY 1") == [(2,), (4,)]
    for view in ("retracted", "retraction", "concern"):
        assert select(directory, f"SELECT pmid FROM {view}") == []


def study(pmid: int, title: str = TITLE, *, more: str = "", authors: str = "One", pages: str = "11-9") -> str:
    """A record with authors, an abstract or a DOI, and pages."""
    people = AUTHORS.format("".join(map(AUTHOR.format, authors.split())))
    record = article(pmid, title=title, parts=(more + people, "", ""))
    return record.replace("<MedlinePgn>11-9<", f"<MedlinePgn>{pages}<")


DOI_OF_ONE = DOI.format("10.5555/one")
LONG = ABSTRACT.format("Ketamine for mice. " * 20)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (study(1), study(2, f"[{TITLE}]"), ["author", "year", "title", "pages"]),
        (study(1), study(2, pages="21-9"), None),
        (study(1), study(2, authors="Two"), None),
        (study(1, more=DOI_OF_ONE), study(2, pages="21-9", more=DOI_OF_ONE), ["author", "year", "title", "doi"]),
        (study(1, more=DOI_OF_ONE), study(2, "Another title.", more=DOI_OF_ONE), ["author", "year", "doi", "pages"]),
        (study(1, more=DOI_OF_ONE), study(2, "Another title.", more=DOI_OF_ONE, pages="20"), None),
        (study(1, more=DOI_OF_ONE), study(2, "Another title.", more=DOI_OF_ONE, authors="Two"), None),
        (study(1, more=LONG), study(2, more=LONG, pages="21-9"), ["author", "year", "title", "abstract"]),
        (
            study(1, authors="One Two"),
            study(2, authors="One Two", pages="21-9").replace(JOURNAL, OTHER_JOURNAL),
            ["author", "year", "title", "all authors"],
        ),
        (study(1, authors="One Two"), study(2, authors="One Two", pages="21-9"), None),
        (study(1), study(2).replace("Journal Article<", "Published Erratum<"), None),
        (study(1), study(2).replace("2019", "2021"), None),
        (study(1), tied(2, "UpdateOf", 1).replace("Title 2.", TITLE), None),
        (article(1, title="Radiologic societies of today."), article(2, title="Radiologic societies of today."), None),
        (study(1, "Reply."), study(2, "Reply."), None),
        (study(1), tied(2, "RepublishedFrom", 1), ["republished"]),
    ],
)
def test_two_records_are_one_study_where_more_than_the_title_speaks_for_it(
    tmp_path: Path, one: str, other: str, expected: list[str] | None
) -> None:
    """Parts of a series, updates, notices and records without authors are not."""
    directory = DataDirectory(tmp_path)
    commit(directory, one, other)
    build.publish(directory)
    found = select(directory, "SELECT pmid, duplicate_pmid, evidence FROM duplicate")
    assert found == ([(1, 2, expected)] if expected else [])
