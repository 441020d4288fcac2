"""Files of `seeds/tables/` are tables of the corpus; one that cannot be used costs neither the others nor its rows."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import REPOSITORY
from tests.corpora import commit, select
from tests.records import article
from warehouse import build
from warehouse.check import check_all
from warehouse.snapshot import write_snapshot
from warehouse.store import DataDirectory

DOI = '<ELocationID EIdType="doi" ValidYN="Y">{}</ELocationID>'


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    """A corpus of PMIDs 1 to 5, each with a DOI, and a folder for tables; nothing is published yet."""
    tables = tmp_path / "seeds" / "tables"
    tables.mkdir(parents=True)
    directory = DataDirectory(tmp_path / "data", companions=tables)
    commit(directory, *(article(n, parts=(DOI.format(f"10.1/{'aBcde'[n - 1]}"), "", "")) for n in range(1, 6)))
    return directory


def put(directory: DataDirectory, **files: str) -> None:
    """Write files into the folder; `__` stands for the dot of a name."""
    for name, text in files.items():
        (directory.companions or Path()).joinpath(name.replace("__", ".")).write_text(text, "utf-8", "surrogateescape")


def publish(directory: DataDirectory, *, afresh: bool = False) -> list[str]:
    """Publish, and say what was refused, without the folder's path."""
    refused: list[str] = []
    build.publish(directory, afresh=afresh, refuse=refused.append)
    return [sentence.replace(f"{directory.companions}/", "") for sentence in refused]


def test_labels_join_the_corpus_and_a_new_file_takes_the_place_of_the_old(directory: DataDirectory) -> None:
    """Both in a file that is updated, and in one that is built from scratch."""
    put(directory, labels__csv="PMID,label,note\n1,included,\n3,excluded,wrong population\n", README__md="Ours.")
    assert publish(directory) == []
    joined = "SELECT pmid, label, note FROM labels JOIN citation USING (pmid) ORDER BY ALL"
    assert select(directory, joined) == [(1, "included", None), (3, "excluded", "wrong population")]
    put(directory, labels__csv="pmid;label\n2;included\n")
    assert publish(directory) == []
    assert select(directory, "FROM labels") == [(2, "included")]
    assert publish(directory, afresh=True) == []
    assert select(directory, "FROM labels") == [(2, "included")]
    assert list(check_all(directory)) == []
    (directory.companions or Path()).joinpath("labels.csv").unlink()
    assert publish(directory) == []
    assert select(directory, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'labels'") == [(0,)]
    assert select(directory, "FROM companion") == []


BAD = {
    'pmid,note\n1,"two\nlines"\n2,x\nabc,y\n': "line 5: 'abc' is not a PMID; fix it there.",
    "pmid,note\n1,x\n\n123456789,y\n": "line 4: '123456789' is not a PMID; fix it there.",
    "pmid\n1\n\nx\n": "line 4: 'x' is not a PMID; fix it there.",
    "pmid,note\n1,x\n\n2\n": "line 4: it has more or fewer columns than the first line; fix it there.",
    'pmid,note\n1,x\n2,"y\n3,z\n': "line 3: a quotation mark is not closed; fix it there.",
    "label,note\n1,x\n": "line 1: there is no column pmid or doi; give it one.",
    "": "line 1: there is no column pmid or doi; give it one.",
    "pmid,Note,note\n1,x,y\n": "line 1: two columns are called note; rename one.",
    "pmid,note\n1,x\n2,\udce9\n": "line 3: it is not UTF-8 (`iconv -f WINDOWS-1252 -t UTF-8` turns most such files "
    "into it); fix it there.",
    "pmid,\udce9\n1,x\n": "line 1: it is not UTF-8; save it as UTF-8.",
}


def test_a_bad_file_is_named_with_its_line_and_its_rows_of_yesterday_stay(directory: DataDirectory) -> None:
    """The others are used, today and in a file that is built from scratch; the corpus is still published."""
    put(directory, **{f"labels_{n}__csv": f"pmid,label\n{n},included\n" for n in range(len(BAD))})
    assert publish(directory) == []
    put(directory, notes__tsv="pmid\tnote\n2\tread it\n", **{f"labels_{n}__csv": t for n, t in enumerate(BAD)})
    for afresh in (False, True):
        assert publish(directory, afresh=afresh) == [
            f"labels_{n}.csv, {sentence} Table labels_{n} stays as it was." for n, sentence in enumerate(BAD.values())
        ]
        for n in range(1, len(BAD)):
            assert select(directory, f"FROM labels_{n}") == [(n, "included")]
        assert select(directory, "FROM notes") == [(2, "read it")]
    ((trouble,),) = select(directory, "SELECT trouble FROM companion WHERE table_name = 'labels_1'")
    assert trouble.endswith("line 4: '123456789' is not a PMID; fix it there.")
    put(directory, **{f"labels_{n}__csv": f"pmid,label\n{n},included\n" for n in range(len(BAD))})
    assert publish(directory) == []
    assert select(directory, "SELECT count(*), count(trouble) FROM companion") == [(len(BAD) + 1, 0)]


def test_values_are_typed_only_where_nothing_is_lost(directory: DataDirectory) -> None:
    """A leading zero, a day that could be a month, and a mixture stay text."""
    put(
        directory,
        metrics__csv="pmid,n,share,code,day,us_day,at,yes,mixed\n"
        "1,12,0.5,007,2024-01-31,1/2/2024,2024-01-31 10:00:00,True,1\n"
        "2,-3,1e-3,12,2024-02-01,1/3/2024,2024-02-01T11:00:00,false,one\n",
    )
    assert publish(directory) == []
    types = dict(select(directory, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'metrics'"))
    assert types == {
        "pmid": "BIGINT",
        "n": "BIGINT",
        "share": "DOUBLE",
        "code": "VARCHAR",
        "day": "DATE",
        "us_day": "VARCHAR",
        "at": "TIMESTAMP",
        "yes": "BOOLEAN",
        "mixed": "VARCHAR",
    }
    assert select(directory, "SELECT share, code, us_day FROM metrics WHERE pmid = 2") == [(0.001, "12", "1/3/2024")]


def test_rows_without_a_pmid_are_found_by_their_doi(directory: DataDirectory) -> None:
    """In the layout of Retraction Watch, where 0 stands for no PMID; a citation that comes later is found then."""
    put(
        directory,
        retraction_watch__csv="Record ID,Title,OriginalPaperDOI,OriginalPaperPubMedID,RetractionDate\n"
        '11,"One, or two",10.1/A,0,1/29/2024 0:00\n12,Four,,4,2/1/2024 0:00\n13,Six,https://doi.org/10.1/F,0,\n',
    )
    assert publish(directory) == []
    rows = 'SELECT pmid, "Record ID", OriginalPaperPubMedID FROM retraction_watch ORDER BY ALL'
    assert select(directory, rows) == [(1, 11, 0), (4, 12, 4), (None, 13, 0)]
    counts = "SELECT row_count, by_doi_count, without_pmid_count, not_held_count FROM companion"
    assert select(directory, counts) == [(3, 1, 1, 0)]
    commit(directory, article(6, parts=(DOI.format("10.1/f"), "", "")))
    assert publish(directory) == []
    assert select(directory, counts) == [(3, 2, 0, 0)]


def test_parquet_keeps_its_types_and_is_in_the_manifest_and_in_snapshots(
    directory: DataDirectory, tmp_path: Path
) -> None:
    """With its SHA-256; the hash of the content is that of the corpus alone."""
    publish(directory)
    before = select(directory, "SELECT content_sha256, full_sha256 FROM manifest")
    table = pa.table({"pmid": [5, 99], "scores": [[0.5], None], "day": pa.array([1, 2], pa.date32())})
    pq.write_table(table, (directory.companions or Path()) / "My Scores.parquet")
    assert publish(directory) == []
    assert select(directory, "SELECT pmid, scores, typeof(day) FROM my_scores") == [
        (5, [0.5], "DATE"),
        (99, None, "DATE"),
    ]
    assert select(directory, "SELECT not_held_count FROM companion") == [(1,)]
    ((companions,),) = select(directory, "SELECT companions FROM manifest")
    assert [(c["table_name"], c["row_count"], len(c["file_sha256"])) for c in companions] == [("my_scores", 2, 64)]
    assert select(directory, "SELECT content_sha256, full_sha256 FROM manifest") == before
    ((comment,),) = select(directory, "SELECT comment FROM duckdb_tables() WHERE table_name = 'my_scores'")
    assert companions[0]["file_sha256"] in comment
    assert "seeds/tables/My Scores.parquet" in comment
    where = Path(write_snapshot(directory, str(tmp_path / "out"), progress=lambda *_: None))
    with duckdb.connect() as con:
        con.execute((where / "attach.sql").read_text(encoding="utf-8"))
        assert con.execute("SELECT pmid FROM my_scores").fetchall() == [(5,), (99,)]
    pq.write_table(pa.table({"pmid": ["1", "x"]}), (directory.companions or Path()) / "My Scores.parquet")
    assert publish(directory) == [
        "My Scores.parquet, row 2: 'x' is not a PMID; fix it there. Table my_scores stays as it was."
    ]


def test_a_name_of_the_corpus_or_of_sql_is_refused(directory: DataDirectory) -> None:
    """The corpus's own tables and views stay what they are; of two files of one name the first is used."""
    names = (
        "2024.csv",
        "arrow_list.csv",
        "article.csv",
        "citation.csv",
        "labels.csv",
        "labels.tsv",
        "order.csv",
        "scores.xlsx",
    )
    put(directory, **{name.replace(".", "__"): "pmid\n1\n" for name in names})
    *refused, xlsx = publish(directory)
    assert refused == [
        "2024.csv: SQL cannot have a table 2024; rename the file.",
        "arrow_list.csv: the corpus has a table arrow_list; rename the file.",
        "article.csv: the corpus has a table article; rename the file.",
        "citation.csv: the corpus has a table citation; rename the file.",
        "labels.tsv: labels.csv is table labels already; rename one of them.",
        "order.csv: SQL cannot have a table order; rename the file.",
    ]
    assert xlsx == "scores.xlsx is left out: companion tables are .csv, .tsv, .parquet files; save it as CSV."
    assert select(directory, "SELECT count(*) FROM citation") == [(5,)]
    assert select(directory, "SELECT table_name FROM companion") == [("labels",)]


def test_without_a_seeds_folder_the_tables_stay(directory: DataDirectory) -> None:
    """A command that is run elsewhere removes nothing."""
    put(directory, labels__csv="pmid\n1\n")
    publish(directory)
    elsewhere = DataDirectory(directory.root, companions=directory.root / "nowhere" / "tables")
    for afresh in (False, True):
        assert publish(elsewhere, afresh=afresh) == []
        assert select(directory, "FROM labels") == [(1,)]


def test_the_line_of_a_bad_row_is_right_in_a_file_that_several_threads_read(directory: DataDirectory) -> None:
    """200,000 rows, of which one is bad."""
    rows = [f"{n},note {n}" for n in range(1, 200_001)]
    rows[150_000] = "x,y"
    put(directory, notes__csv="\n".join(["pmid,note", *rows]))
    assert publish(directory) == ["notes.csv, line 150002: 'x' is not a PMID; fix it there."]


# The headers of https://icite.od.nih.gov's export and of https://gitlab.com/crossref/retraction-watch-data.
ICITE = (
    "pmid,doi,title,authors,year,journal,is_research_article,relative_citation_ratio,nih_percentile,human,animal,"
    "molecular_cellular,x_coord,y_coord,apt,is_clinical,citation_count,citations_per_year,expected_citations_per_year,"
    "field_citation_rate,provisional,cited_by_clin,cited_by,references,last_modified"
)
RETRACTION_WATCH = (
    "Record ID,Title,Subject,Institution,Journal,Publisher,Country,Author,URLS,ArticleType,RetractionDate,"
    "RetractionDOI,RetractionPubMedID,OriginalPaperDate,OriginalPaperDOI,OriginalPaperPubMedID,"
    "RetractionNature,Reason,Paywalled,Notes"
)


def test_what_readme_shows_of_labels_icite_and_retraction_watch_can_be_asked(directory: DataDirectory) -> None:
    """Each of its questions has an answer, though those lists share column names with article."""
    chapter = (REPOSITORY / "seeds" / "README.md").read_text(encoding="utf-8").partition("## Tables of your own")[2]
    asked = re.findall(r'corpus (?:sql|export) "(.*?)"', chapter.partition("\n## ")[0], re.DOTALL)
    assert len(asked) == 4
    watched = "7,A title,,,,,,,,,1/29/2024 0:00,10.1/r,0,1/2/2003 0:00,10.1/C,0,Retraction,+Error in Data;,No,"
    metrics = "2,10.1/b,T,A,2019,J,True,1.25,60.1,1,0,0,0.1,0.2,0.05,False,3,0.5,0.4,2.1,False,,4 5,1,x"
    put(
        directory,
        labels__csv="pmid,label,reason\n1,included,\n2,excluded,a review\n",
        icite__csv=f"{ICITE}\n{metrics}\n",
        retraction_watch__csv=f"{RETRACTION_WATCH}\n{watched}\n",
    )
    assert publish(directory) == []
    answers = [select(directory, sql) for sql in asked]
    assert [[row[0] for row in answer] for answer in answers] == [[1], [1, 2], [2], [3]]
    assert answers[2][0][2] == 1.25
    assert answers[3][0][2] == "+Error in Data;"


# As Crossref gives it: 0 and Unavailable for what is not known, dates of the United States with a time, lists that end
# with a semicolon, two notices of a paper, a comma at the end of each line, empty rows at the end.
WATCHED = (
    '71,One,(BLS) Genetics;,"Town, Land;",J,P,Land,Ann Roe;Bo Poe,,Article;,3/9/2026 0:00,10.1/r1,0,5/6/2023 0:00,'
    "10.1/A,0,Expression of concern,+Concerns/Issues About Data;,No,,",
    "72,One,(BLS) Genetics;,,J,P,Land,Ann Roe;Bo Poe,,Research Article;,12/25/2026 0:00,10.1/r2,9,5/31/2023 0:00,"
    "10.1/A,0,Retraction,+Concerns/Issues About Data;+Rogue Editor;,No,See also: x,",
    "73,Two,,,J,P,,,,,1/2/2026 0:00,Unavailable,0,1/2/2020 0:00,unavailable,2,Retraction,Plagiarism;,No,,",
    "74,Nobody's,,,J,P,,,,,1/2/2026 0:00,Unavailable,0,1/2/2020 0:00,Unavailable,0,Retraction,,No,,",
    "," * 20,
    "," * 20,
)


def test_retraction_watchs_list_is_used_as_it_is_downloaded(directory: DataDirectory) -> None:
    """Every notice of a paper is a row; dates are dates; what has neither name nor value is left out."""
    put(directory, retraction_watch__csv="\n".join([f"{RETRACTION_WATCH},", *WATCHED]))
    assert publish(directory) == []
    assert select(
        directory,
        """SELECT pmid, "Record ID", RetractionDate::VARCHAR, OriginalPaperDate::VARCHAR
        FROM retraction_watch ORDER BY 2""",
    ) == [
        (1, 71, "2026-03-09", "2023-05-06"),
        (1, 72, "2026-12-25", "2023-05-31"),
        (2, 73, "2026-01-02", "2020-01-02"),
        (None, 74, "2026-01-02", "2020-01-02"),
    ]
    assert select(directory, "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'retraction_watch'") == [(21,)]


@pytest.mark.parametrize(
    ("dates", "type_"),
    [
        (("1/29/2024 0:00", "1/2/2024 0:00"), "DATE"),
        (("29/1/2024", "1/2/2024"), "DATE"),
        (("1/2/2024", "3/4/2024"), "VARCHAR"),
        (("1/29/2024", "29/1/2024"), "VARCHAR"),
        (("1/29/2024 12:30", "1/2/2024 0:00"), "VARCHAR"),
    ],
)
def test_a_date_with_slashes_is_one_where_the_column_tells_the_day(
    directory: DataDirectory, dates: tuple[str, str], type_: str
) -> None:
    """Days above twelve do; a time is not cut off."""
    put(directory, dated__csv="pmid,day\n" + "".join(f"1,{date}\n" for date in dates))
    assert publish(directory) == []
    columns = "SELECT data_type FROM duckdb_columns() WHERE table_name = 'dated' AND column_name = 'day'"
    assert select(directory, columns) == [(type_,)]


def test_numbers_have_all_of_their_digits(directory: DataDirectory) -> None:
    """iCite's ratios have up to seventeen."""
    put(directory, icite__csv="pmid,ratio,code\n1,0.05128205128205128,1.10000000000000000001\n2,1,2\n")
    assert publish(directory) == []
    assert select(directory, "SELECT ratio, code FROM icite ORDER BY pmid") == [
        (0.05128205128205128, "1.10000000000000000001"),
        (1.0, "2"),
    ]
