"""NCBI's own command-line client, EDirect, given only the address."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article, article_set

REFERENCES = """<ReferenceList><Reference><Citation>One.</Citation><ArticleIdList>
<ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></Reference></ReferenceList>"""
ABSTRACT = """<Abstract><AbstractText Label="AIM">To try it.</AbstractText></Abstract>
<AuthorList><Author><LastName>Doe</LastName><ForeName>Jane</ForeName><Initials>J</Initials></Author></AuthorList>"""
RECORDS = article_set(
    article(1, title="Ketamine in rats."),
    article(2, title="Ketamine in depressed rats.", parts=(ABSTRACT, "", REFERENCES)),
    article(3, title="Something else."),
)
LINKOUT = "pmid\turl\tprovider_name\tprovider_abbr\tprovider_id\n2\thttp://publisher.example/2\tA Publisher\tPUB\t7\n"

Run = Callable[[str], str]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs a pipe of EDirect's commands, with {base} for `-base URL`; gives what it prints."""
    missing = [name for name in ("esearch", "efetch", "elink", "xtract") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"left out: ncbi-entrez-direct is not installed ({', '.join(missing)})")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "records.xml").write_bytes(RECORDS)
    (tmp_path / "records" / "linkout.tsv").write_text(LINKOUT)
    with running_server(RecordStore.from_paths([tmp_path / "records"])) as base_url:

        def start(pipe: str) -> str:
            command = pipe.replace("{base}", f"-base {base_url}")
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=120)
            assert "FAILURE" not in done.stderr, done.stderr
            return done.stdout

        yield start


def test_it_searches_fetches_and_extracts(run: Run) -> None:
    """XML through the history server."""
    pipe = "esearch {base} -db pubmed -query 'ketamine NOT depressed' | efetch {base} -format xml"
    extract = "xtract -pattern PubmedArticle -element MedlineCitation/PMID ArticleTitle"
    assert run(f"{pipe} | {extract}") == "1\tKetamine in rats.\n"


def test_it_narrows_a_search_by_date_and_counts(run: Run) -> None:
    """`-datetype`, `-mindate` and `-maxdate`, and the count in its message."""
    pipe = "esearch {base} -db pubmed -query 'rats[ti]' -datetype PDAT -mindate 2019 -maxdate 2019"
    assert run(f"{pipe} | xtract -pattern ENTREZ_DIRECT -element Count") == "2\n"
    assert run(f"{pipe.replace('2019', '2018')} | xtract -pattern ENTREZ_DIRECT -element Count") == "0\n"


def test_it_filters_an_earlier_search(run: Run) -> None:
    """A history set, searched again."""
    pipe = (
        "esearch {base} -db pubmed -query ketamine | efilter {base} -query 'depressed[ti]' | efetch {base} -format uid"
    )
    assert run(pipe) == "2\n"


def test_it_posts_and_summarises(run: Run) -> None:
    """DocumentSummary of version 2.0."""
    pipe = "epost {base} -db pubmed -id 3,2 | esummary {base}"
    extract = "xtract -pattern DocumentSummary -element Id Title SortFirstAuthor Source PubDate"
    assert sorted(run(f"{pipe} | {extract}").splitlines()) == [
        "2\tKetamine in depressed rats.\tDoe J\tJ Invent Res\t2019 Mar 4",
        "3\tSomething else.\tJ Invent Res\t2019 Mar 4",
    ]


def test_it_fetches_the_medline_format(run: Run) -> None:
    """Which its own converter reads."""
    text = run("efetch {base} -db pubmed -id 2 -format medline")
    assert "\nPMID- 2\n" in f"\n{text}"
    for line in ("TI  - Ketamine in depressed rats.", "AB  - AIM: To try it.", "FAU - Doe, Jane", "DP  - 2019 Mar 4"):
        assert line in text.splitlines()


def test_it_fetches_the_abstract_format(run: Run) -> None:
    """For people."""
    text = run("efetch {base} -db pubmed -id 2 -format abstract")
    blocks = text.strip().split("\n\n")
    assert blocks[0] == "1. J Invent Res. 2019 Mar 4;7(2):11-9."
    for block in ("Ketamine in depressed rats.", "Doe J.", "AIM: To try it.", "PMID: 2  [Indexed for MEDLINE]"):
        assert block in blocks


def test_it_follows_links(run: Run) -> None:
    """Neighbours by name, with scores, through the history, and back."""
    neighbours = "elink {base} -db pubmed -id 2 -target pubmed -name pubmed_pubmed_refs"
    assert run(f"{neighbours} | efetch {{base}} -format uid") == "1\n"
    cited = "esearch {base} -db pubmed -query 1[uid] | elink {base} -target pubmed -name pubmed_pubmed_citedin"
    assert run(f"{cited} | efetch {{base}} -format uid") == "2\n"
    scored = run("elink {base} -db pubmed -id 1 -related -cmd score | xtract -pattern Link -element Id Score")
    first, second = (line.split("\t") for line in scored.splitlines())
    assert (first[0], second[0]) == ("1", "2")
    assert int(first[1]) >= int(second[1]) > 0


def test_it_asks_which_links_there_are(run: Run) -> None:
    """`acheck` and `llinks`."""
    checked = "elink {base} -db pubmed -id 2 -cmd acheck | xtract -pattern LinkInfo -element LinkName"
    assert run(checked).splitlines() == ["pubmed_pubmed", "pubmed_pubmed_refs", "ExternalLink"]
    resources = "elink {base} -db pubmed -id 2 -cmd llinks | xtract -pattern ObjUrl -element Url Provider/Name"
    assert run(resources) == "http://publisher.example/2\tA Publisher\n"


def test_it_describes_the_database(run: Run) -> None:
    """Fields and links of EInfo."""
    assert run("einfo {base} -dbs") == "pubmed\n"
    assert "MESH\tMeSH Terms" in run("einfo {base} -db pubmed -fields").splitlines()
    assert run("einfo {base} -db pubmed -links").splitlines()[0] == "pubmed_pubmed\tSimilar articles"


def test_it_matches_citations(run: Run) -> None:
    """Through `nquire`, since EDirect's own command asks another service."""
    bdata = "j invent res|2019|7|11|doe j|mine|"
    pipe = f"nquire -url $(echo {{base}} | cut -d' ' -f2) ecitmatch.cgi -db pubmed -retmode xml -bdata '{bdata}'"
    assert run(pipe).strip() == "j invent res|2019|7|11|doe j|mine|AMBIGUOUS 1,2,3"
