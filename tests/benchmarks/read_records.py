"""Records per second from a PubMed file to the tables in Parquet, beside what users would pick instead, in one run.

    uv run python -m tests.benchmarks.read_records FILE [--peers PYTHON]

FILE is a baseline or update file, `.xml.gz`. PYTHON is the interpreter of an environment that has pubmed_parser and
pubmedparser2; EDirect's xtract is used if it is installed. Each reader runs in a process of its own, after one
warm-up; wall and CPU time are of the whole process, its start included, and the peak is of its largest process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flows.nlm_files.files import read_blocks

OURS = """
from flows.command.start import spare_threads
spare_threads()  # As the command does, before numpy is there.
import sys, tempfile
from datetime import UTC, datetime
from pathlib import Path
from flows.nlm_files.processes import read_files
from flows.nlm_files.reading import FileJob
from flows.definition.progress import silent
from warehouse.store import DataDirectory

if __name__ == "__main__":
    path, workers = Path(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        now = datetime.now(UTC).replace(tzinfo=None)
        # A file for each process: what a process gains is seen with as many files as there are.
        jobs = [FileJob(path, DataDirectory(Path(folder)), f"{number}", now) for number in range(workers)]
        for _ in read_files(jobs, workers=workers, progress=silent):
            pass
"""

PUBMED_PARSER = "import sys, pubmed_parser as p; print(sum(1 for _ in p.parse_medline_xml(sys.argv[1])))"

PUBMEDPARSER2 = """import sys, tempfile, pubmedparser
A = '/PubmedArticle/MedlineCitation/Article'
pubmedparser.read_xml([sys.argv[1]], {'root': '/PubmedArticleSet', 'key': '/PubmedArticle/MedlineCitation/PMID',
 'Title': A + '/ArticleTitle', 'Abstract': A + '/Abstract/AbstractText', 'Journal': A + '/Journal/Title',
 'Keywords': '/PubmedArticle/MedlineCitation/KeywordList/Keyword', 'Language': A + '/Language',
 'Mesh': '/PubmedArticle/MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName/@UI',
 'PT': A + '/PublicationTypeList/PublicationType',
 'Author': {'root': A + '/AuthorList', 'key': '/Author/auto_index', 'LastName': '/Author/LastName',
            'ForeName': '/Author/ForeName', 'Affiliation': '/Author/AffiliationInfo/Affiliation'},
 'Reference': {'root': '/PubmedArticle/PubmedData/ReferenceList/Reference/ArticleIdList', 'key': '/condensed',
               'PMID': "/ArticleId/[@IdType='pubmed']", 'DOI': "/ArticleId/[@IdType='doi']"}}, tempfile.mkdtemp())"""

XTRACT = """xtract -pattern PubmedArticle -element MedlineCitation/PMID ArticleTitle Journal/Title ISOAbbreviation
Language Volume Issue MedlinePgn MedlineTA NlmUniqueID -block PubDate -element Year Month Day Season
MedlineDate -block Abstract -element AbstractText -block Author -element LastName ForeName Initials Identifier
Affiliation CollectiveName -block MeshHeading -element DescriptorName DescriptorName@UI QualifierName
QualifierName@UI -block Chemical -element RegistryNumber NameOfSubstance NameOfSubstance@UI -block
PublicationType -element PublicationType PublicationType@UI -block KeywordList -element Keyword -block Grant
-element GrantID Agency Country -block CommentsCorrections -element @RefType RefSource PMID -block
PubMedPubDate -element @PubStatus Year Month Day -block PubmedData/ArticleIdList -element ArticleId
ArticleId@IdType -block Reference -element Citation ArticleId ArticleId@IdType"""


def main() -> None:
    """Time all readers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--peers", type=Path, help="Python with pubmed_parser and pubmedparser2")
    options = parser.parse_args()
    records = sum(block.count(b"<PubmedArticle>") for block in read_blocks(options.file, lambda _: None))
    say(f"{options.file.name}: {records:,} records")
    say(f"{'reader':36} {'records/s wall':>15} {'records/s CPU':>15} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "ours.py"
        script.write_text(OURS, encoding="utf-8")
        for workers in (1, 2):
            command = [sys.executable, str(script), str(options.file), str(workers)]
            # As many files as workers.
            measure(f"this project, {workers} worker{'s' * (workers > 1)}, all tables", command, workers * records)
    if shutil.which("xtract"):
        # It writes a line to standard error for each instruction in the XML.
        command = ["sh", "-c", f"zcat '{options.file}' | {XTRACT.replace(chr(10), ' ')} 2> /dev/null"]
        measure("EDirect xtract, about 45 fields", command, records)
    else:
        say("EDirect xtract: not installed")
    if options.peers:
        measure("pubmedparser2, 13 fields", [str(options.peers), "-c", PUBMEDPARSER2, str(options.file)], records)
        measure("pubmed_parser, about 25 fields", [str(options.peers), "-c", PUBMED_PARSER, str(options.file)], records)
    else:
        say("pubmed_parser, pubmedparser2: name their Python with --peers")


def measure(name: str, command: list[str], records: int) -> None:
    """Run a reader twice, and print the second time."""
    for _ in range(2):
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"{name} ended with {process.returncode}")
    cpu_s = usage.ru_utime + usage.ru_stime
    say(f"{name:36} {records / wall_s:15,.0f} {records / cpu_s:15,.0f} {usage.ru_maxrss >> 10:8,}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
