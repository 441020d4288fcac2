"""Real records printed as PubMed pages and extracted by tools: `python -m tests.trials.seed_extractions FOLDER`.

FOLDER holds PubMed XML. What the reader of seed pages makes of each tool's text is compared with what was printed: the
PMID, list and place of each entry, its DOI, the page's own PMID, DOI, title and authors. Tools that are not installed
are named.
`TOOLS_PYTHON` names a Python that has html2text, readability-lxml, trafilatura and inscriptis.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path

from tests.printed_pages import Printed, PrintedPage, make_pages, read_records
from transforms.saved_page import article_text
from transforms.seed_entry import SeedEntry
from transforms.seed_tables import make_seed_tables
from transforms.seed_text import SeedPage, parse_seed_document
from transforms.values import normal_text
from warehouse.errors import SeedError

PYTHON = os.environ.get("TOOLS_PYTHON", sys.executable)
NAMES = {"Similar articles": "similar", "Cited by": "cited_by", "References": "reference"}
END_OF_PAGE = "@@@end of page@@@"

# For each Python tool: what turns the text of a page, `page`, into another text.
PYTHON_TOOLS = {
    "html2text": "import html2text; make = lambda page: html2text.html2text(page)",
    "html2text, no links": "import html2text; h = html2text.HTML2Text(bodywidth=0); h.ignore_links = True\n"
    "make = h.handle",
    "readability": "import html2text, readability; h = html2text.HTML2Text(bodywidth=0); h.ignore_links = True\n"
    "make = lambda page: h.handle(readability.Document(page, min_text_length=0).summary())",
    "trafilatura": "import trafilatura; make = lambda page: trafilatura.extract(page, favor_recall=True) or ''",
    "inscriptis": "import inscriptis; make = inscriptis.get_text",
    "markdownify": "import markdownify; make = markdownify.markdownify",
}
COMMANDS = {
    "lynx": ["lynx", "-dump", "-nolist", "-display_charset=utf-8", "-assume_charset=utf-8"],
    "lynx, links": ["lynx", "-dump", "-display_charset=utf-8", "-assume_charset=utf-8"],
    "w3m": ["w3m", "-dump", "-I", "UTF-8", "-O", "UTF-8", "-T", "text/html"],
    "pandoc, plain": ["pandoc", "-f", "html", "-t", "plain"],
    "pandoc, Markdown": ["pandoc", "-f", "html", "-t", "gfm"],
    "pandoc, one line": ["pandoc", "-f", "html", "-t", "plain", "--wrap=none"],
}


def say(*words: object) -> None:
    """Print a line at once."""
    print(*words, flush=True)  # noqa: T201


def run_command(command: Sequence[str], pages: Sequence[str]) -> list[str]:
    """Each page through a command, by its input or by a file."""
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        for page in pages:
            file.write_text(page)
            done = subprocess.run([*command, str(file)], capture_output=True, check=True)
            texts.append(done.stdout.decode())
    return texts


def run_python(source: str, pages: Sequence[str]) -> list[str]:
    """All pages through a tool in a Python that has it."""
    loop = "for page in sys.stdin.read().split(END)[:-1]:\n    print(make(page) + END)"
    code = f"import sys\n{source}\nEND = {END_OF_PAGE!r}\n{loop}"
    done = subprocess.run(
        [PYTHON, "-c", code],
        input="".join(page + END_OF_PAGE for page in pages),
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.split(END_OF_PAGE)[:-1]


def copy_in_browser(pages: Sequence[str]) -> list[str]:
    """What Ctrl-A and Ctrl-C give in Chromium: innerText, all pages in one document."""
    # One frame per page, since innerText depends on layout.
    parts = "".join(page.split("<body>")[1].split("</body>")[0] + f"<p>{END_OF_PAGE}</p>" for page in pages)
    script = "<script>const t = document.body.innerText; document.body.textContent = t;</script>"
    text = run_chromium(f"<!DOCTYPE html><html><meta charset=utf-8><body>{parts}{script}</body></html>", "--dump-dom")
    return unescape(text.split("<body>")[1].split("</body>")[0]).split(END_OF_PAGE)[:-1]


def print_as_pdf(pages: Sequence[str]) -> list[str]:
    """Each page printed by Chromium, and its text as pdftotext gives it."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "pages.pdf"
        parts = "".join(page.split("<body>")[1].split("</body>")[0] + f"<p>{END_OF_PAGE}</p>" for page in pages)
        run_chromium(f"<!DOCTYPE html><html><meta charset=utf-8><body>{parts}</body></html>", f"--print-to-pdf={pdf}")
        return subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True, text=True).stdout.split(
            END_OF_PAGE
        )[:-1]


def run_chromium(html: str, option: str) -> str:
    """What Chromium prints for a document."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(html)
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000"]
        return subprocess.run(
            [*command, option, "--no-pdf-header-footer", f"--user-data-dir={folder}/profile", file.as_uri()],
            capture_output=True,
            check=True,
            text=True,
        ).stdout


def tools() -> dict[str, Callable[[Sequence[str]], list[str]]]:
    """The tools that are here, by name."""
    found: dict[str, Callable[[Sequence[str]], list[str]]] = {"saved page (.html)": list}
    for name, command in COMMANDS.items():
        if shutil.which(command[0]):
            found[name] = lambda pages, command=command: run_command(command, pages)  # type: ignore[misc]
    for name, source in PYTHON_TOOLS.items():
        if subprocess.run([PYTHON, "-c", source], capture_output=True, check=False).returncode == 0:
            found[name] = lambda pages, source=source: run_python(source, pages)  # type: ignore[misc]
    if shutil.which("chromium"):
        found["browser copy"] = copy_in_browser
        if shutil.which("pdftotext"):
            found["browser, PDF"] = print_as_pdf
    for name in ({*COMMANDS, *PYTHON_TOOLS, "browser copy", "browser, PDF"}) - found.keys():
        say(f"{name} is not installed: left out.")
    return found


def extract(name: str, run: Callable[[Sequence[str]], list[str]], pages: Sequence[str]) -> list[str]:
    """The texts of a tool, kept in the folder `TEXTS` for the next time, if there is one."""
    folder = os.environ.get("TEXTS")
    file = Path(folder or "") / f"{name.split(' (', maxsplit=1)[0].replace(' ', '_')}.txt"
    if folder and file.exists():
        return file.read_text().split(END_OF_PAGE)[:-1]
    texts = run(pages)
    if folder:
        file.write_text("".join(text + END_OF_PAGE for text in texts))
    return texts


def measure(pages: Sequence[PrintedPage], texts: Sequence[str]) -> Counter[str]:
    """What is right and wrong over all pages."""
    counts: Counter[str] = Counter()
    for printed, text in zip(pages, texts, strict=True):
        try:
            page = read_page(text)
        except SeedError as exc:
            page = None
            counts["refused"] += 1
            if os.environ.get("SHOW"):
                say(exc)
        compare(counts, printed, page)
    return counts


def read_page(text: str) -> SeedPage:
    """The page as the program reads it."""
    shown = article_text(text) or text
    return parse_seed_document(shown.encode(), seed_id="page", file_name="page.txt")


def compare(counts: Counter[str], printed: PrintedPage, page: SeedPage | None) -> None:
    """Count what a page has right."""
    counts["pages"] += 1
    counts["own_doi_of"] += bool(printed.own.doi)
    if page:
        compare_own(counts, printed, page)
    for heading, records in printed.lists.items():
        name = NAMES.get(heading, heading)
        entries = [e for e in page.entries if e.list_name == name] if page else []
        if not compare_list(counts, name, records, entries) and os.environ.get("SHOW"):
            say("LIST", printed.own.pmid, name, [(e.pmid, e.doi) for e in entries], [(r.pmid, r.doi) for r in records])


def compare_own(counts: Counter[str], printed: PrintedPage, page: SeedPage) -> None:
    """Count what a page has right of itself."""
    counts["own_pmid"] += page.pmid == printed.own.pmid
    counts["own_doi"] += bool(printed.own.doi) and same(page.doi, printed.own.doi)
    if page.title:
        counts["title_of"] += 1
        counts["title_right"] += normal_text(page.title) == normal_text(printed.own.title)
        if os.environ.get("SHOW") and normal_text(page.title) != normal_text(printed.own.title):
            say("TITLE", printed.own.pmid, page.title)
    if page.authors:
        people = make_seed_tables(page, run_id="", delivered=())["author"].to_pylist()
        shown = [p["collective_name"] or f"{p['last_name']} {p['initials'] or p['fore_name']}" for p in people]
        counts["authors_of"] += 1
        counts["authors"] += shown == list(printed.own.authors)


def compare_list(counts: Counter[str], name: str, records: Sequence[Printed], entries: Sequence[SeedEntry]) -> bool:
    """Count what a list has right, entry by entry; returns whether all of it is."""
    is_right = [matches(name, record, entries, order) for order, record in enumerate(records)]
    is_whole = all(is_right) and len(entries) == len(records)
    counts[f"{name}_of"] += len(records)
    counts[f"{name}"] += sum(is_right)
    counts["lists"] += 1
    counts["list_right"] += is_whole
    counts["doi_of"] += sum(bool(r.doi) for r in records)
    counts["doi"] += sum(bool(r.doi) and same(e.doi, r.doi) for e, r in zip(entries, records, strict=False))
    pmids = {r.pmid for r in records}
    counts["wrong_pmid"] += sum(e.pmid is not None and e.pmid not in pmids for e in entries)
    return is_whole


def matches(name: str, record: Printed, entries: Sequence[object], order: int) -> bool:
    """Whether the entry at a place is that of a record: by PMID; a reference shows none, so by its DOI and title."""
    if order >= len(entries):
        return False
    entry = entries[order]
    pmid = getattr(entry, "pmid", None)
    text = normal_text(getattr(entry, "citation_text", ""))
    if name == "reference":
        return pmid in (None, record.pmid) and normal_text(record.title) in text
    return pmid == record.pmid


def same(found: str | None, doi: str) -> bool:
    """Whether two DOIs are one."""
    return (found or "").lower() == doi.lower()


def main(folder: Path) -> None:
    """Print a table of all tools."""
    pages = list(make_pages(read_records(folder)))
    records = len(pages) * (1 + sum(len(entries) for entries in pages[0].lists.values()))
    say(f"{records} records on {len(pages)} pages; right, in %:")
    heads = (
        "own PMID",
        "own DOI",
        "title",
        "given",
        "authors",
        "given",
        "similar",
        "cited by",
        "comments",
        "refs",
        "lists",
        "DOIs",
        "wrong",
        "refused",
    )
    say(f"{'tool':22}", *(f"{head:>9}" for head in heads))
    for name, run in tools().items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        counts = measure(pages, extract(name, run, [page.html for page in pages]))
        pairs = (
            ("own_pmid", "pages"),
            ("own_doi", "own_doi_of"),
            ("title_right", "title_of"),
            ("title_of", "pages"),
            ("authors", "authors_of"),
            ("authors_of", "pages"),
            ("similar", "similar_of"),
            ("cited_by", "cited_by_of"),
            ("Comment in", "Comment in_of"),
            ("reference", "reference_of"),
            ("list_right", "lists"),
            ("doi", "doi_of"),
        )
        shares = [f"{100 * counts[a] / counts[b]:9.2f}" if counts[b] else f"{'-':>9}" for a, b in pairs]
        say(f"{name:22}", *shares, f"{counts['wrong_pmid']:9}", f"{counts['refused']:9}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
