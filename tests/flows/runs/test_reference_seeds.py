"""Files of references as seeds of a refresh."""

from collections.abc import Callable
from pathlib import Path

from flows.definition.settings import Settings
from flows.runs.refresh import refresh
from tests.records import article, article_set
from warehouse.query import ask, open_published, read_status

DOI = '<ELocationID EIdType="doi" ValidYN="Y">10.5555/two</ELocationID>'
IDS = '<ArticleIdList><ArticleId IdType="doi">10.5555/two</ArticleId></ArticleIdList>'
TITLE = "A title that is long enough to be the only one."
RIS = f"TY  - JOUR\nTI  - {TITLE}\nDO  - 10.5555/two\nPY  - 2019\nER  - \n"
NO_LINKS = "[links]\nfetch = []\nlinkout = false\n"


def members(settings: Settings) -> list[tuple[int, str, str]]:
    """PMID, reason and file of each member that holds."""
    con = open_published(settings.directory)
    try:
        sql = "SELECT pmid, reason, via FROM member WHERE until_run_id IS NULL ORDER BY ALL"
        return [tuple(row.values()) for row in ask(con, sql).to_pylist()]
    finally:
        con.close()


def test_references_become_members_and_a_broken_file_ends_none(
    serve_records: Callable[[bytes], str], make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """One by its PMID, one by its DOI; a file that cannot be read the next night is named, and what it gave stays."""
    second_article = article(2, title=TITLE, parts=(DOI, "", "")).replace("</History>", f"</History>{IDS}")
    records = article_set(article(1), second_article)
    settings = make_settings(serve_records(records), a__nbib="PMID- 1\nTI  - One.\n", b__ris=RIS, corpus__toml=NO_LINKS)
    first = refresh(settings)
    assert (first.exit_code, first.troubles) == (0, [])
    assert members(settings) == [(1, "seed", "a.nbib"), (2, "seed", "b.ris")]
    (tmp_path / "seeds" / "a.nbib").write_text("nothing of use\n")
    second = refresh(settings)
    assert second.exit_code == 3
    broken = tmp_path / "seeds" / "a.nbib"
    assert second.troubles == [f"{broken}, line 1: there is no reference in it; save it again."]
    assert members(settings) == [(1, "seed", "a.nbib"), (2, "seed", "b.ris")]
    (tmp_path / "seeds" / "a.nbib").unlink()
    assert refresh(settings).exit_code == 0
    assert members(settings) == [(2, "seed", "b.ris")]


def test_a_reference_that_is_not_found_is_counted_by_the_run_and_by_the_status(
    serve_records: Callable[[bytes], str], make_settings: Callable[..., Settings]
) -> None:
    """Both say the same."""
    settings = make_settings(serve_records(article_set(article(1))), b__ris=RIS, corpus__toml=NO_LINKS)
    assert refresh(settings).unresolved == 1
    assert read_status(settings.directory)["unresolved"] == 1
