"""NCBI's translations of searches beside ours: `python -m tests.trials.translations DATA_DIR REPLIES_FOLDER`.

DATA_DIR holds a published corpus with MeSH; the folder has ESearch replies as NCBI sent them. Compared are those to
PubMed; replies do not say what was asked, so that the terms stand here.
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from flows.corpus_search.statement import write_statement
from warehouse.query import open_published
from warehouse.store import DataDirectory

AUTHORS = "NCBI's index of authors has names with a comma as well"
FORMER = "a reply of before 2022, of another form"
JOURNALS = "NCBI's list of journals has names that no citation here has"
MAPPED = "NCBI's table of mapped words, which is not to be had, or names that this MeSH lacks"
NOT_FOUND = "NCBI leaves out what it does not find"
VARIANTS = "NCBI's variants of a word come from a lexicon, ours from the words here with its stem"

# What was asked, by a part of the file's name, and why ours is another. Replies to other databases are left out.
TERMS = {
    "Klortho+Eutils-JSON__esearch.error": ("fleegle[MeSH Terms] OR obstetrics[MeSH Terms]", NOT_FOUND),
    "Klortho+Eutils-JSON__esearch.pubmed": ("cancer AND 2012/09/25:2012/11/24[EDAT]", MAPPED),
    "bcbi+PubMedMiner": ("sleep apnea, obstructive[MeSH Major Topic]", ""),
    "biocommons+eutils": ("hart rk[author]", AUTHORS),
    "biopython__esearch1": ("biopython", ""),
    "biopython__esearch2": ("cancer AND 2025/09/27:2025/11/26[edat]", f"{MAPPED}; {VARIANTS}"),
    "biopython__esearch3": ("PNAS[ta] AND 97[vi]", JOURNALS),
    "biopython__esearch5": ("stem cells AND hasabstract", ""),
    "jmjamison": ('"University of California, Los Angeles"[Affiliation] OR UCLA[Affiliation]', FORMER),
    "ourresearch": ("10.1371/journal.pcbi.1000361", FORMER),
    "pubmed-search-2": ("diabetes", MAPPED),
    "zhangyee+fastpaper-cli__pubmed": ("attention mechanism", VARIANTS),
}


def translation_of(path: Path) -> str:
    """The QueryTranslation of a reply."""
    text = path.read_text()
    if path.suffix == ".json":
        return str(json.loads(text)["esearchresult"]["querytranslation"])
    found = re.search(r"<QueryTranslation>(.*?)</QueryTranslation>", text, re.DOTALL)
    return unescape(found[1]) if found else ""


def parts_of(translation: str) -> set[str]:
    """The clauses of a translation, in no order and without case."""
    return {part.strip("( )") for part in re.split(r" (?:and|or|not) ", translation.lower().replace(" : ", ":"))}


def compare(directory: DataDirectory, folder: Path) -> Iterator[str]:
    """A paragraph for each reply."""
    con = open_published(directory)
    equal = same = 0
    for name, (term, why) in TERMS.items():
        (path,) = [path for path in folder.iterdir() if name in path.name]
        theirs = translation_of(path)
        ours = write_statement(con, term, today=datetime.now(UTC).date(), is_forgiving=True).translation
        mine, others = parts_of(ours), parts_of(theirs)
        equal += ours == theirs
        same += mine == others
        verdict = "equal" if ours == theirs else "the same clauses" if mine == others else f"other, as {why or '?'}"
        yield f"{term}: {verdict}"
        if mine != others:
            yield f"    only NCBI: {', '.join(sorted(others - mine))[:400]}"
            yield f"    only here: {', '.join(sorted(mine - others))[:400]}"
    yield f"{equal} of {len(TERMS)} are equal, {same} have the same clauses."


if __name__ == "__main__":
    for line in compare(DataDirectory(Path(sys.argv[1])), Path(sys.argv[2])):
        print(line)  # noqa: T201
