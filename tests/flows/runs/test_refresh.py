"""A refresh accounts for every PMID, changes only what changed, and loses nothing when NCBI is away."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from flows.definition.settings import Settings
from flows.entrez.client import EntrezClient, Reply
from flows.entrez.fetch import fetch_batch, keep_reply, kept_replies
from flows.runs.refresh import refresh, refresh_lists
from flows.runs.work import Steps
from tests.conftest import REPOSITORY
from tests.corpora import select
from tests.records import article, article_set
from warehouse.errors import KeyRefusedError, LockedError, UsageError
from warehouse.lock import writing
from warehouse.query import read_run_changes
from warehouse.store import DataDirectory, run_folders

Make = Callable[..., Settings]
Serve = Callable[[bytes], str]

# A port of loopback that nothing listens on.
NOBODY = "http://127.0.0.1:9/"


def files_of_last_run(settings: Settings) -> set[str]:
    """The tables that the last run wrote."""
    return {path.stem for path in run_folders(DataDirectory(settings.data_dir))[-1].glob("*.parquet")}


def test_the_seeds_become_a_corpus_without_a_network(tmp_path: Path) -> None:
    """The quick start of the README."""
    settings = Settings(entrez="sample", seeds=REPOSITORY / "seeds", data_dir=tmp_path / "data")
    report = refresh(settings)
    assert (report.exit_code, report.outcomes) == (0, {"new": 11})
    assert select(settings, "SELECT count(*) FROM citation") == [(11,)]
    assert select(settings, "SELECT link_kind, count(*) FROM link WHERE source = 'seed' GROUP BY ALL ORDER BY 1") == [
        ("cited_by", 5),
        ("similar", 5),
    ]
    ((abstract, is_member),) = select(settings, "SELECT abstract, is_member FROM article WHERE pmid = 25217177")
    assert abstract.startswith("A substantial number of patients")
    assert is_member
    again = refresh(settings)
    assert again.outcomes == {}
    assert files_of_last_run(settings) == {"run"}


def test_a_real_refresh_asks_for_what_the_sample_gave(make_settings: Make, serve_records: Serve) -> None:
    """Its records are made of seed text; a first try without a network must not hide the corpus for 90 days."""
    settings = make_settings("sample")
    shutil.copy(next((REPOSITORY / "seeds").glob("*.txt")), settings.seeds)
    refresh(settings)
    served = serve_records(article_set(article(25217177, title="As NLM has it.")))
    report = refresh(settings.model_copy(update={"entrez": served}))
    assert report.plan == {"new": 11}
    assert select(settings, "SELECT article_title FROM citation WHERE pmid = 25217177") == [("As NLM has it.",)]
    # Nor does the sample replace them again.
    again = refresh(settings)
    assert 25217177 not in {
        pmid for (pmid,) in select(settings, f"SELECT pmid FROM request WHERE run_id = '{again.run_id}'")
    }
    assert select(settings, "SELECT article_title FROM citation WHERE pmid = 25217177") == [("As NLM has it.",)]


def test_a_pmid_that_nobody_knows_harms_no_other(make_settings: Make, serve_records: Serve) -> None:
    """NCBI leaves it out of its reply silently."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n2\n99\n")
    report = refresh(settings)
    assert report.outcomes == {"new": 2, "not_found": 1}
    assert (report.not_found, report.exit_code) == ([99], 0)
    assert select(settings, "SELECT pmid, outcome FROM request ORDER BY pmid") == [
        (1, "new"),
        (2, "new"),
        (99, "not_found"),
    ]


def test_a_reply_to_another_question_does_not_make_a_pmid_unknown(make_settings: Make, serve_records: Serve) -> None:
    """What it leaves out is owed, not given up."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n99\n")

    def fetch(client: EntrezClient, _pmids: Any, folder: Path) -> Any:
        delivery = fetch_batch(client, [1, 2], folder)
        (reply,) = delivery.replies
        delivery.replies = [replace(reply, parameters='{"id":"1,99"}')]
        return delivery

    report = refresh(settings, steps=Steps(fetch=fetch))
    assert (report.outcomes, report.owed) == ({"new": 1, "failed": 1}, [99])
    assert select(settings, "SELECT pmid, detail FROM request WHERE outcome = 'failed'") == [
        (99, "Entrez delivered 2, which was not asked for.")
    ]


def test_a_merged_pmid_is_not_owed_for_ever(make_settings: Make, serve_faults: Callable[..., str]) -> None:
    """It is noted as merged, once it has been asked for alone."""
    settings = make_settings(serve_faults(article_set(article(1), article(2), article(3)), "merged@efetch"))
    (settings.seeds / "a.pmids").write_text("3\n")
    report = refresh(settings)
    assert (report.outcomes, report.owed, report.exit_code) == ({"not_found": 1}, [], 3)
    assert select(settings, "SELECT detail FROM request") == [("NCBI has merged it into 1.",)]


def test_a_key_that_is_refused_ends_the_run(make_settings: Make, serve_faults: Callable[..., str]) -> None:
    """Whatever else it asked would be refused as well, and so would the next night's."""
    settings = make_settings(serve_faults(article_set(article(1)), "bad-key"), a__pmids="1\n", b__query="ketamine\n")
    with pytest.raises(KeyRefusedError, match="correct or remove NCBI_API_KEY"):
        refresh(settings.model_copy(update={"ncbi_api_key": SecretStr("a key")}))


def test_a_search_of_which_a_part_was_ignored_is_told(make_settings: Make, serve_faults: Callable[..., str]) -> None:
    """Its members are those of other words."""
    settings = make_settings(serve_faults(article_set(article(1)), "ignored-phrase=of the"), b__query="ketamine\n")
    report = refresh(settings, dry_run=True)
    assert report.ignored == [
        "b.query: NCBI did not search all of it as asked (PhraseIgnored: of the); "
        "it searched '\"ketamine\"[All Fields]'; fix the search."
    ]
    assert report.exit_code == 3


def test_what_ncbi_revised_is_fetched_again_and_nothing_else(make_settings: Make, serve_records: Serve) -> None:
    """It is found by mdat; the record is compared by content."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n2\n")
    refresh(settings)
    revised = article_set(article(1), article(2, title="Now different.", revised=("2100", "01", "01")))
    report = refresh(settings.model_copy(update={"entrez": serve_records(revised)}))
    assert (report.plan, report.outcomes) == ({"revised": 1}, {"revised": 1})
    assert select(settings, "SELECT article_title FROM citation ORDER BY pmid") == [
        ("Ketamine in an invented trial.",),
        ("Now different.",),
    ]
    assert select(settings, "SELECT count(*) FROM language") == [(2,)]


def test_without_ncbi_the_seed_text_is_there_and_the_rest_is_owed(tmp_path: Path, serve_records: Serve) -> None:
    """The next run fetches it."""
    settings = Settings(entrez=NOBODY, seeds=REPOSITORY / "seeds", data_dir=tmp_path / "data", entrez_budget_s=0)
    report = refresh(settings)
    assert (report.exit_code, report.outcomes, len(report.owed)) == (3, {"failed": 11}, 11)
    assert select(settings, "SELECT source, count(*) FROM citation GROUP BY 1") == [("seed", 11)]
    assert select(settings, "SELECT count(*) FROM owed") == [(11,)]
    assert select(settings, "SELECT count(*) FROM article WHERE 'Review' IN (SELECT unnest(publication_types))") == [
        (2,)
    ]
    served = serve_records(article_set(article(25217177), article(33297563)))
    later = refresh(settings.model_copy(update={"entrez": served}))
    assert later.plan == {"owed": 11}
    assert later.outcomes == {"new": 2, "not_found": 9}
    assert select(settings, "SELECT source, count(*) FROM citation GROUP BY 1 ORDER BY 1") == [
        ("efetch", 2),
        ("seed", 9),
    ]
    # The entry's publication types went with the seed's citation.
    assert select(settings, "SELECT publication_type FROM publication_type WHERE pmid = 33297563") == [
        ("Journal Article",)
    ]


def test_a_seed_that_is_taken_away_takes_its_reasons_with_it(make_settings: Make, serve_records: Serve) -> None:
    """The citation stays, since it was delivered; what was known from seed text alone goes."""
    settings = make_settings(serve_records(article_set(article(1), article(25217177))), a__pmids="1\n")
    page = next((REPOSITORY / "seeds").glob("*.txt"))
    shutil.copy(page, settings.seeds)
    refresh(settings)
    assert select(settings, "SELECT count(*) FROM citation") == [(12,)]
    (settings.seeds / page.name).unlink()
    refresh(settings)
    assert select(settings, "SELECT pmid, is_member FROM article ORDER BY pmid") == [(1, True), (25217177, False)]
    assert select(settings, "SELECT count(*) FROM seed_citation") == [(0,)]


def test_links_are_followed_as_far_as_the_definition_says(make_settings: Make, serve_records: Serve) -> None:
    """One step along the references, and no further."""
    refers = """<ReferenceList><Reference><ArticleIdList><ArticleId IdType="pubmed">{}</ArticleId></ArticleIdList>
        </Reference></ReferenceList>"""
    records = [article(n, parts=("", "", refers.format(n + 1))) for n in (1, 2, 3)]
    definition = '[links]\nfetch = ["reference"]\nfollow = ["reference"]\ndepth = 1\n'
    settings = make_settings(serve_records(article_set(*records)), a__pmids="1\n", corpus__toml=definition)
    refresh(settings)
    assert select(settings, "SELECT pmid, reason, via, depth FROM member ORDER BY pmid") == [
        (1, "pmids", "a.pmids", 0),
        (2, "reference", "1", 1),
    ]


def test_a_query_brings_what_it_finds(make_settings: Make, serve_records: Serve) -> None:
    """And takes it away when it no longer does."""
    settings = make_settings(serve_records(article_set(article(1), article(2, title="No."))), q__query="ketamine\n")
    refresh(settings)
    assert select(settings, "SELECT pmid, reason, via FROM member") == [(1, "query", "q.query")]
    (settings.seeds / "q.query").write_text("no[ti]\n")
    refresh(settings)
    assert select(settings, "SELECT pmid FROM article WHERE is_member") == [(2,)]


def test_replies_of_a_run_that_broke_off_are_not_asked_for_again(make_settings: Make, serve_records: Serve) -> None:
    """What was fetched is kept in staging until its run is committed."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n2\n")

    def fetch_and_die(client: EntrezClient, pmids: Any, folder: Path) -> Any:
        fetch_batch(client, list(pmids)[:1], folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(settings, steps=Steps(fetch=fetch_and_die))
    asked: list[int] = []

    def fetch(client: EntrezClient, pmids: Any, folder: Path) -> Any:
        asked.extend(pmids)
        return fetch_batch(client, pmids, folder)

    report = refresh(settings, steps=Steps(fetch=fetch))
    assert (report.outcomes, asked) == ({"new": 2}, [2])
    assert list(DataDirectory(settings.data_dir).replies.iterdir()) == []


def test_a_reply_that_is_kept_is_the_same_when_read_again(tmp_path: Path) -> None:
    """Bytes, parameters and time."""
    reply = Reply("efetch", '{"id":"1"}', b"\x00<x/>", datetime(2026, 11, 23, tzinfo=UTC))
    directory = DataDirectory(tmp_path)
    keep_reply(reply, directory.replies, "sample")
    ((_, found),) = kept_replies(directory, "sample", reply.fetched_at)
    assert (found.body, found.parameters, found.sha256) == (reply.body, reply.parameters, reply.sha256)


def test_a_dry_run_says_what_it_would_ask_for_and_writes_nothing(make_settings: Make, serve_records: Serve) -> None:
    """Not even an empty folder."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="1\n2\n")
    report = refresh(settings, dry_run=True)
    assert (report.plan, report.held_count, report.planned_requests) == ({"new": 2}, 0, 5)
    assert not settings.data_dir.exists()


def test_one_run_writes_at_a_time(make_settings: Make, serve_records: Serve) -> None:
    """The second is told, and changes nothing."""
    settings = make_settings(serve_records(article_set(article(1))), a__pmids="1\n")
    settings.no_wait = True
    with writing(DataDirectory(settings.data_dir)), pytest.raises(LockedError):
        refresh(settings)


def test_ncbi_is_not_asked_without_an_email_address(make_settings: Make) -> None:
    """NCBI wants to know whom to contact before it blocks."""
    with pytest.raises(UsageError, match="set NCBI_EMAIL"):
        refresh(make_settings("ncbi", a__pmids="1\n"))


def test_real_records_are_all_accounted_for(shared_data: Path, tmp_path: Path, serve_records: Serve) -> None:
    """Every PMID of a real EFetch reply comes through, and no other."""
    document = (shared_data / "efetch" / "KerstenDoering+PubMedPortable__medline_00000000.xml").read_bytes()
    (tmp_path / "seeds").mkdir()
    pmids = {int(pmid) for pmid in re.findall(rb"<MedlineCitation [^>]*>\s*<PMID[^>]*>(\d+)<", document)}
    (tmp_path / "seeds" / "a.pmids").write_text("\n".join(map(str, pmids)))
    settings = Settings(entrez=serve_records(document), seeds=tmp_path / "seeds", data_dir=tmp_path / "data")
    report = refresh(settings)
    assert report.outcomes == {"new": 100}
    assert {row[0] for row in select(settings, "SELECT pmid FROM citation")} == pmids


def test_all_link_lists_can_be_fetched_again(make_settings: Make, serve_records: Serve) -> None:
    """Whatever their age, and without touching the records."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n2\n")
    first = refresh(settings)
    again = refresh_lists(settings)
    assert (again.link_lists, again.outcomes) == (first.link_lists, {})
    assert select(settings, "SELECT run_kind, requested_count FROM run ORDER BY run_id") == [
        ("refresh", 2),
        ("links", 0),
    ]


HEADING = (
    '<MeshHeading><DescriptorName UI="{ui}" MajorTopicYN="{major}">{name}</DescriptorName>'
    '<QualifierName UI="Q000627" MajorTopicYN="N">therapeutic use</QualifierName></MeshHeading>'
)
RETRACTED = (
    '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J. 2020</RefSource><PMID>7</PMID>'
    "</CommentsCorrections></CommentsCorrectionsList>"
)


def test_a_change_has_before_and_after_field_by_field(make_settings: Make, serve_records: Serve) -> None:
    """Columns of the citation, rows of its lists, and headings that became a main point."""
    headings = [HEADING.format(ui=f"D{n}", major="NY"[n % 2], name=f"Name {n}") for n in (2, 3, 4)]
    first = article(
        1, title="Before.", parts=("", f"<MeshHeadingList>{headings[0]}{headings[1]}</MeshHeadingList>", "")
    )
    major = headings[0].replace('"N"', '"Y"', 1)
    second = article(
        1,
        title="After.",
        revised=("2100", "01", "01"),
        parts=("", f"{RETRACTED}<MeshHeadingList>{major}{headings[2]}</MeshHeadingList>", ""),
    )
    settings = make_settings(serve_records(article_set(first)), a__pmids="1\n", corpus__toml="[links]\nfetch = []\n")
    refresh(settings)
    report = refresh(settings.model_copy(update={"entrez": serve_records(article_set(second))}))
    told = select(
        settings,
        f"""SELECT table_name, column_name, before, after FROM change
        WHERE run_id = '{report.run_id}' ORDER BY table_name, column_name, change_order""",
    )
    assert told == [
        ("citation", "article_title", "Before.", "After."),
        ("citation", "date_revised", "2020-01-02", "2100-01-01"),
        ("citation", "is_retracted", "false", "true"),
        ("comment_correction", "ref_type", None, "RetractionIn 7"),
        ("mesh_heading", "descriptor_name", "Name 3/therapeutic use", None),
        ("mesh_heading", "descriptor_name", None, "Name 4/therapeutic use"),
        ("mesh_heading", "is_major", "Name 3/therapeutic use", None),
        ("mesh_heading", "is_major", None, "Name 2/therapeutic use"),
    ]


def test_a_citation_that_comes_retracted_is_told_as_well(make_settings: Make, serve_records: Serve) -> None:
    """It never changed here, and is no less retracted."""
    served = serve_records(article_set(article(1, parts=("", RETRACTED, "")), article(2)))
    settings = make_settings(served, a__pmids="1\n2\n", corpus__toml="[links]\nfetch = []\n")
    changes = read_run_changes(DataDirectory(settings.data_dir), refresh(settings).run_id)
    assert (changes.retracted_new, changes.retracted) == ([1], [])


def test_a_disk_that_is_full_already_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the name of the process that holds the lock can be written then."""

    def is_full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.pwrite", is_full)
    directory = DataDirectory(tmp_path / "data")
    with writing(directory):
        assert directory.lock.read_bytes() == b""
