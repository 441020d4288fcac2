"""The report of a run in Prefect begins with what a person cares about."""

from flows.prefect_app.artifacts import describe_run
from flows.report.digest import Digest, Told
from flows.runs.report import RunReport
from warehouse.query import RunChanges


def test_retracted_and_new_titles_come_first_and_seconds_last() -> None:
    """Then what failed and where to look; a title is text, whatever is in it."""
    told = (
        Told("retracted", "", 1, "A *bad* <b>title</b>.", "J Invent Res", 2019, 3, 1),
        Told("new", "ketamine", 2, None, None, None, 0, 21),
    )
    report = RunReport(
        run_id="20261127T020000Z-abcd",
        outcomes={"new": 21},
        row_counts={"citation": 30, "link": 2},
        seconds={"fetch": 1.5},
        troubles=["Not obtained: 7."],
        owed=[7],
    )
    text = describe_run(report, RunChanges(), Digest(told), "/corpus/report.html")
    lines = [line for line in text.splitlines() if line]
    assert lines[:8] == [
        "# refresh: 1 retracted, 21 new",
        "> Not obtained: 7.",
        "## Retracted (1)",
        r"- [A \*bad\* \<b\>title\</b\>. J Invent Res 2019. Cited by 3 held.](https://pubmed.ncbi.nlm.nih.gov/1/)",
        "## New, ketamine (21)",
        "- [PMID 2](https://pubmed.ncbi.nlm.nih.gov/2/)",
        "- and 20 more",
        "**Owed to the next run:** [7](https://pubmed.ncbi.nlm.nih.gov/7/)",
    ]
    assert "[The report of the whole corpus](/corpus/report.html), with pictures." in lines
    assert lines[-2:] == ["| fetch | 1.5 |", "Run 20261127T020000Z-abcd."]
    assert describe_run(RunReport(), RunChanges(), Digest()).splitlines()[0] == "# refresh: nothing new"
