"""NCBI's translations of searches beside ours: `python -m tests.trials.translations DATA_DIR REPLIES_FOLDER`.

DATA_DIR holds a published corpus with MeSH; the folder has ESearch replies as NCBI sent them. Compared are those to
PubMed; replies do not say what was asked, so the terms are listed here.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from flows.corpus_search.statement import write_statement
from transforms.pubmed_fields import BY_TAG
from warehouse.query import open_published
from warehouse.store import DataDirectory

AUTHORS = "NCBI's index of full names has `Hart, Rk`; no author here is written so"
JOURNALS = "NCBI's list of journals has names that no citation here has"
MAPPED = "NCBI's table of mapped words has more than one heading for a word that is the name of none"
LEXICON = "NCBI takes a word's variants from a lexicon, this corpus from its words with the same stem"
OLDER = "in a reply of before 2020 words have no variants"
NAMES = "a MeSH made by full_mesh.py has names of preferred concepts only, and so not `Cancer`"

# What was asked, by a part of the file's name, and why ours is another. Replies to other databases are left out.
TERMS = {
    "Klortho+Eutils-JSON__esearch.error": ("fleegle[MeSH Terms] OR obstetrics[MeSH Terms]", ""),
    "Klortho+Eutils-JSON__esearch.pubmed": ("cancer AND 2012/09/25:2012/11/24[EDAT]", f"{OLDER}; {NAMES}"),
    "bcbi+PubMedMiner": ("sleep apnea, obstructive[MeSH Major Topic]", ""),
    "biocommons+eutils": ("hart rk[author]", AUTHORS),
    "biopython__esearch1": ("biopython", ""),
    "biopython__esearch2": ("cancer AND 2025/09/27:2025/11/26[edat]", f"{LEXICON}; {NAMES}"),
    "biopython__esearch3": ("PNAS[ta] AND 97[vi]", JOURNALS),
    "biopython__esearch5": ("stem cells AND hasabstract", OLDER),
    "jmjamison": (
        """"University of California, Los Angeles"[Affiliation] OR "University of California, Los Angeles"[Affiliation]
        OR "University of California Los Angeles"[Affiliation] OR "University of California at Los Angeles"[Affiliation]
        OR "University of California of Los Angeles"[Affiliation]
        OR "University of California in Los Angeles"[Affiliation]
        OR UCLA[Affiliation] OR 90095[Affiliation] AND "2014/01/01"[PDAT] : "2018/01/31"[PDAT]""",
        "",
    ),
    "ourresearch": ("10.1371/journal.pcbi.1000361", ""),
    "pubmed-search-2": ("diabetes", MAPPED),
    "zhangyee+fastpaper-cli__pubmed": ("attention mechanism", LEXICON),
}
# Replies from before 2022 have fewer quotes, short names of fields, and ranges as two dates.
FORM = (
    (re.compile(r'"'), ""),
    (re.compile(r"\[([^\]]*)\] : "), " : "),
    (re.compile(r" : "), ":"),
    (re.compile(r"\[([^\]]*)\]"), lambda found: f"[{BY_TAG[found[1].lower()].full_name}]"),
)


def translation_of(path: Path) -> str:
    """The QueryTranslation of a reply."""
    text = path.read_text()
    if path.suffix == ".json":
        return str(json.loads(text)["esearchresult"]["querytranslation"])
    found = re.search(r"<QueryTranslation>(.*?)</QueryTranslation>", text, re.DOTALL)
    return unescape(found[1]) if found else ""


def in_one_form(translation: str) -> str:
    """A translation without what is only a matter of form."""
    for pattern, plain in FORM:
        translation = pattern.sub(plain, translation)
    return translation.lower()


def parts_of(translation: str) -> set[str]:
    """The clauses of a translation, in no order."""
    return {part.strip("( )") for part in re.split(r" (?:and|or|not) ", in_one_form(translation))}


def compare(directory: DataDirectory, folder: Path) -> Iterator[str]:
    """A paragraph for each reply."""
    con = open_published(directory)
    verdicts: Counter[str] = Counter()
    for name, (term, why) in TERMS.items():
        (path,) = [path for path in folder.iterdir() if name in path.name]
        theirs = translation_of(path)
        ours = write_statement(con, term, today=datetime.now(UTC).date(), is_forgiving=True).translation
        mine, others = parts_of(ours), parts_of(theirs)
        if ours == theirs:
            verdict = "equal"
        elif in_one_form(ours) == in_one_form(theirs):
            verdict = "equal, in the form of before 2022"
        elif mine == others:
            verdict = "the same clauses in another order"
        else:
            verdict = "other"
        verdicts[verdict] += 1
        yield f"{' '.join(term.split())}: {verdict}{f': {why or chr(63)}' if verdict == 'other' else ''}"
        if mine != others:
            yield f"    only NCBI: {', '.join(sorted(others - mine))[:400]}"
            yield f"    only here: {', '.join(sorted(mine - others))[:400]}"
    yield f"{', '.join(f'{count} {verdict}' for verdict, count in verdicts.items())}, of {len(TERMS)}."


if __name__ == "__main__":
    for line in compare(DataDirectory(Path(sys.argv[1])), Path(sys.argv[2])):
        print(line)  # noqa: T201
