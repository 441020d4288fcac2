"""The records that the server stands on: their XML packed in memory, and what searches and links need of them."""

import re
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import log
from pathlib import Path

from lxml import etree

from flows.eutils_server.citation_match import CitationIndex
from flows.eutils_server.seed_records import seed_links, seed_record
from flows.files import read_blocks
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from transforms.seed_text import parse_seed_document
from transforms.values import text_of, to_date, to_pmid
from warehouse.errors import DocumentError, UsageError

Element = etree._Element

WORD = re.compile(r"[a-z0-9]+")

# The fields whose words are kept, with the elements they are taken from.
TITLE = ("ArticleTitle", "VernacularTitle", "BookTitle")
ABSTRACT = ("AbstractText",)

# Words that more records share than this say nothing of likeness, and would make it slow.
COMMON_WORD_COUNT = 1_000
NEIGHBOUR_COUNT = 20

# (neighbour, score); a score is None where there is none to be had.
Links = list[tuple[int, int | None]]


@dataclass
class RecordStore:
    """Records by PMID.

    Attributes:
        packed: The XML of each record's element, compressed.
        versions: PMID version of each.
        words: PMIDs by word, for the fields `ti` and `ab`; each list ascending once the store is complete.
        dates: Dates by kind (edat, crdt, mdat, pdat) and PMID.
        references: The PMIDs that each record cites.
        links: Neighbours by link name and PMID, where they are given and not derived.
        title_words: The distinct words of each title.
        citations: Where each was published.
        skipped: Files that were no PubMed XML, or not whole, with the reason.
    """

    packed: dict[int, bytes] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    words: "dict[str, dict[str, array[int]]]" = field(default_factory=lambda: {"ti": {}, "ab": {}})
    dates: dict[str, dict[int, date]] = field(default_factory=lambda: defaultdict(dict))
    references: dict[int, tuple[int, ...]] = field(default_factory=dict)
    cited_by: dict[int, list[int]] = field(default_factory=dict)
    links: dict[str, dict[int, Links]] = field(default_factory=dict)
    title_words: dict[int, tuple[str, ...]] = field(default_factory=dict)
    citations: CitationIndex = field(default_factory=CitationIndex)
    skipped: list[str] = field(default_factory=list)

    @classmethod
    def from_paths(cls, paths: Sequence[Path]) -> "RecordStore":
        """The records of PubMed XML files, and of all files in folders that are such.

        Of several records of a PMID the highest version counts, then the last file. A file in a folder that is no
        PubMed XML is passed over and noted in `skipped`, and so is the rest of one that ends half way.

        Raises:
            UsageError: A path does not exist.
            DocumentError: A file that was named itself is not PubMed XML.
        """
        store = cls()
        for path in paths:
            if path.is_dir():
                for file in sorted(p for p in path.rglob("*") if p.is_file()):
                    try:
                        store.add_file(file)
                    except DocumentError as exc:
                        store.skipped.append(str(exc))
            elif path.exists():
                store.add_file(path)
            else:
                raise UsageError(f"There is no file {path}.")
        store.complete()
        return store

    @classmethod
    def from_seeds(cls, folder: Path) -> "RecordStore":
        """Records made of the seed pages: each page's own citation and the entries of its lists, with their links.

        Nothing is made up: a record has what the page says, and its neighbours have no scores.

        Raises:
            SeedError: A page cannot be read.
        """
        store = cls()
        given: dict[str, dict[int, Links]] = defaultdict(lambda: defaultdict(list))
        for path in sorted(folder.glob("*.txt")):
            page = parse_seed_document(path.read_bytes(), seed_id=path.stem, file_name=path.name)
            for pmid, xml in seed_record(page):
                if pmid not in store.packed:
                    store.add(next(iter(records_of(xml, path.name))))
            for name, pmid, linked in seed_links(page):
                given[name][pmid].append((linked, None))
        store.links = {name: dict(by_pmid) for name, by_pmid in given.items()}
        store.complete()
        return store

    def add_file(self, path: Path) -> None:
        """Add the records of a file.

        Raises:
            DocumentError: It is not PubMed XML.
        """
        for chunk in split_document(read_blocks(path, lambda _: None), name=str(path), on_break=self.skipped.append):
            for record in read_chunk(chunk, name=str(path)).records:
                self.add(record)

    def add(self, record: RawRecord) -> None:
        """Add a record, unless a higher version of its PMID is there."""
        pmid = record.pmid
        if pmid is None or self.versions.get(pmid, 0) > record.pmid_version:
            return
        self.versions[pmid] = record.pmid_version
        self.packed[pmid] = zlib.compress(wrapped(record), 1)
        element = record.element
        for name, tags in (("ti", TITLE), ("ab", ABSTRACT)):
            found = words_of(" ".join(text_of(e) for e in element.iter(*tags)))
            if name == "ti":
                self.title_words[pmid] = tuple(found)
            for word in found:
                postings = self.words[name].setdefault(word, array("q"))
                postings.append(pmid)
        self.citations.add(pmid, element)
        self.references[pmid] = tuple(cited_pmids(element))
        for kind, when in record_dates(element).items():
            self.dates[kind][pmid] = when

    def complete(self) -> None:
        """Turn references round, once all records are there."""
        cited_by: dict[int, list[int]] = defaultdict(list)
        for pmid, references in self.references.items():
            for cited in references:
                cited_by[cited].append(pmid)
        self.cited_by = dict(cited_by)

    def xml(self, pmid: int) -> bytes:
        """A record's element.

        Raises:
            KeyError: There is none of this PMID.
        """
        return zlib.decompress(self.packed[pmid])

    def neighbours(self, link_name: str, pmid: int) -> Links:
        """The neighbours of a PMID: the given ones, else derived from reference lists and from the words of titles."""
        if self.links:
            return self.links.get(link_name, {}).get(pmid, [])
        if link_name == "pubmed_pubmed_refs":
            return [(cited, None) for cited in self.references.get(pmid, ())]
        if link_name == "pubmed_pubmed_citedin":
            return [(citing, None) for citing in sorted(self.cited_by.get(pmid, []), reverse=True)]
        return self.alike(pmid) if link_name == "pubmed_pubmed" else []

    def alike(self, pmid: int) -> Links:
        """Records whose titles share words, itself first: the sum of the words' weights, rare ones weigh more."""
        scores: Counter[int] = Counter()
        for word in self.title_words.get(pmid, ()):
            postings = self.words["ti"][word]
            if len(postings) <= COMMON_WORD_COUNT:
                weight = round(1e6 * log(1 + len(self.packed) / len(postings)))
                for other in set(postings):
                    scores[other] += weight
        own = scores.pop(pmid, 0)
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:NEIGHBOUR_COUNT]
        return [(pmid, own), *ranked] if pmid in self.packed else []


def records_of(xml: bytes, name: str) -> Iterator[RawRecord]:
    """The records of a document in memory."""
    for chunk in split_document([xml], name=name):
        yield from read_chunk(chunk, name=name).records


def wrapped(record: RawRecord) -> bytes:
    """A record as EFetch sends it: those of old files and of book sets have the element around them that they lack."""
    around = {"MedlineCitation": b"PubmedArticle", "BookDocument": b"PubmedBookArticle"}.get(str(record.element.tag))
    return b"<%b>%b</%b>" % (around, record.record_xml, around) if around else record.record_xml


def words_of(text: str) -> list[str]:
    """The distinct words of a text in lower case."""
    return list(dict.fromkeys(WORD.findall(text.lower())))


def cited_pmids(element: Element) -> Iterable[int]:
    """The PMIDs that the record's own reference list names, each once, in order."""
    found = (to_pmid(text_of(e)) for e in element.iterfind(".//Reference/ArticleIdList/ArticleId[@IdType='pubmed']"))
    return dict.fromkeys(pmid for pmid in found if pmid is not None)


def record_dates(element: Element) -> dict[str, date]:
    """The dates a search can ask for.

    edat is the History's `entrez`, crdt its `pubmed`, pdat PubDate with missing parts taken as the first; mdat is
    DateRevised, else edat.
    """
    dates: dict[str, date] = {}
    for status, kind in (("entrez", "edat"), ("pubmed", "crdt")):
        found = element.find(f".//PubMedPubDate[@PubStatus='{status}']")
        if found is not None and (when := date_of(found)):
            dates[kind] = when
    published = element.find(".//PubDate")
    if published is not None:
        year = re.search(r"\d{4}", text_of(published))
        month, day = published.findtext("Month") or "1", published.findtext("Day") or "1"
        when = to_date(year[0] if year else None, month, day)
        if when is None and year:
            when = date(int(year[0]), 1, 1)
        if when:
            dates["pdat"] = when
    revised = element.find(".//DateRevised")
    modified = date_of(revised) if revised is not None else None
    modified = modified or dates.get("edat")
    return dates | ({"mdat": modified} if modified else {})


def date_of(element: Element) -> date | None:
    """The date of an element with Year, Month and Day."""
    return to_date(element.findtext("Year"), element.findtext("Month"), element.findtext("Day"))
