"""The interface of the utilities to the records that are served.

The tables are those of the published file, so that a search, a list of neighbours and a citation mean the same to
records on disk (`records.py`) and to a corpus (`corpus.py`).
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from lxml import etree

from flows.eutils_server.search import Result, search
from transforms.pubmed_document import split_document
from transforms.raw_records import RawRecord, read_chunk
from warehouse.current import literal

# Words in more titles than this say nothing about similarity, and would be slow.
COMMON_WORD_COUNT = 1_000
NEIGHBOUR_COUNT = 20

# (neighbour, score); None if there is no score.
Links = list[tuple[int, int | None]]
LINK_KINDS = {"pubmed_pubmed": "similar", "pubmed_pubmed_citedin": "cited_by", "pubmed_pubmed_refs": "reference"}
GIVEN = """SELECT pmid, linked_pmid, max(score) FROM link WHERE link_kind = {kind} AND pmid IN ({pmids})
GROUP BY pmid, linked_pmid ORDER BY max(score) DESC NULLS LAST, min(link_order), linked_pmid"""
CITED_IN = """SELECT DISTINCT of_pmid, neighbour, NULL::BIGINT FROM (
    SELECT linked_pmid AS of_pmid, pmid AS neighbour FROM link
    WHERE link_kind = 'reference' AND linked_pmid IN ({pmids})
    UNION ALL SELECT pmid, linked_pmid FROM link WHERE link_kind = 'cited_by' AND pmid IN ({pmids})
) ORDER BY neighbour DESC"""
ALIKE = """WITH own AS (
    SELECT DISTINCT pmid AS of_pmid, unnest(search_split(concat_ws(' ', article_title, book_title))) AS word
    FROM citation LEFT JOIN book USING (pmid) WHERE pmid IN ({pmids})
),
rare AS (
    SELECT word, ln(1 + {count} / count(*)) AS weight FROM search_index
    WHERE field = 'title' AND word IN (SELECT word FROM own) GROUP BY word HAVING count(*) <= {common}
),
scored AS (
    SELECT of_pmid, pmid, round(1e6 * sum(weight))::BIGINT AS score
    FROM search_index JOIN rare USING (word) JOIN own USING (word) WHERE field = 'title' GROUP BY of_pmid, pmid
)
FROM scored QUALIFY row_number() OVER (
    PARTITION BY of_pmid ORDER BY pmid = of_pmid DESC, score DESC, pmid DESC
) <= {most}
ORDER BY of_pmid, pmid = of_pmid DESC, score DESC, pmid DESC"""
# Records whose similar ones are found together: each may share words with thousands.
ALIKE_AT_ONCE = 50


@dataclass
class Store:
    """Records by PMID, asked from one thread at a time.

    Attributes:
        con: A DuckDB with the tables and macros of the published file.
        has_given_links: Neighbours are given, and not derived from reference lists and titles.
        unserved: A query for PMIDs in the tables that are not served; '' for none.
        skipped: Sentences about what could not be read.
    """

    con: duckdb.DuckDBPyConnection
    has_given_links: bool = False
    unserved: str = ""
    skipped: list[str] = field(default_factory=list)

    @abstractmethod
    def xml_of(self, pmids: Collection[int]) -> dict[int, bytes]:
        """The elements of those of some PMIDs that have a record, as EFetch sends them."""

    def refresh(self) -> None:
        """Take over what was published since the last request."""

    def search(self, term: str, history: Mapping[int, Sequence[int]], sort: str = "") -> Result:
        """What a term finds; `search.search` has the arguments and errors."""
        return search(self.con, term, history, sort=sort, unserved=self.unserved)

    def select(self, query: str) -> list[int]:
        """The first column of a query's rows."""
        return [row[0] for row in self.con.execute(query).fetchall()]

    def __len__(self) -> int:
        """The number of records."""
        return self.select(f"SELECT count(*) FROM ({self.served()})")[0]

    def __contains__(self, pmid: int) -> bool:
        """Whether there is a record of this PMID."""
        return bool(self.known([pmid]))

    @property
    def pmids(self) -> frozenset[int]:
        """All PMIDs."""
        return frozenset(self.select(self.served()))

    def served(self, where: str = "true") -> str:
        """A query for the PMIDs that are served and meet a condition."""
        but = f" ANTI JOIN ({self.unserved}) AS unserved USING (pmid)" if self.unserved else ""
        return f"SELECT pmid FROM citation{but} WHERE {where}"

    def known(self, pmids: Iterable[int]) -> set[int]:
        """Those of some PMIDs that have a record."""
        return set(self.select(self.served(f"pmid IN ({listed(pmids)})")))

    def xml(self, pmid: int) -> bytes:
        """A record's element.

        Raises:
            KeyError: There is none of this PMID.
        """
        return self.xml_of([pmid])[pmid]

    def element(self, pmid: int) -> etree._Element:
        """The same, parsed.

        Raises:
            KeyError: There is none of this PMID.
        """
        return self.elements_of([pmid])[pmid]

    def elements_of(self, pmids: Collection[int]) -> dict[int, etree._Element]:
        """The records of some PMIDs, parsed."""
        return {pmid: element_of(xml, pmid) for pmid, xml in self.xml_of(pmids).items()}

    def neighbours(self, link_name: str, pmids: Collection[int]) -> dict[int, Links]:
        """The neighbours of some PMIDs: given ones, else those of reference lists and of the words of titles.

        Returns:
            By PMID; one without neighbours has none.
        """
        kind = LINK_KINDS.get(link_name)
        if kind is None:
            return {}
        is_derived = kind == "cited_by" and not self.has_given_links
        query = CITED_IN if is_derived else GIVEN
        found: dict[int, Links] = {}
        for pmid, neighbour, score in self.con.execute(
            query.format(kind=literal(kind), pmids=listed(pmids))
        ).fetchall():
            found.setdefault(pmid, []).append((neighbour, score))
        if kind == "similar" and not self.has_given_links:
            others = sorted(self.known(set(pmids) - found.keys()))
            for start in range(0, len(others), ALIKE_AT_ONCE):
                found |= self.alike(others[start : start + ALIKE_AT_ONCE])
        return found

    def alike(self, pmids: Sequence[int]) -> dict[int, Links]:
        """Records whose titles share words, itself first; the score is the sum of their weights, in millionths."""
        query = ALIKE.format(pmids=listed(pmids), count=len(self), common=COMMON_WORD_COUNT, most=NEIGHBOUR_COUNT + 1)
        found: dict[int, Links] = {pmid: [] for pmid in pmids}
        for pmid, neighbour, score in self.con.execute(query).fetchall():
            found[pmid].append((neighbour, score))
        return {pmid: links or [(pmid, 0)] for pmid, links in found.items()}

    def cited_counts(self, pmids: Collection[int]) -> dict[int, int]:
        """How many records cite each of some PMIDs; those that none cites are left out."""
        return {pmid: len(links) for pmid, links in self.neighbours("pubmed_pubmed_citedin", pmids).items()}

    @abstractmethod
    def linkouts(self, pmid: int) -> list[str]:
        """The LinkOut resources of a PMID, as `linkout.py` packs them."""


def listed(pmids: Iterable[int]) -> str:
    """PMIDs as a list in SQL."""
    return ", ".join(map(str, pmids)) or "NULL"


def records_of(xml: bytes, name: str) -> Iterable[RawRecord]:
    """The records of a document in memory."""
    for chunk in split_document([xml], name=name):
        yield from read_chunk(chunk, name=name).records


def element_of(xml: bytes, pmid: int) -> etree._Element:
    """A record that is kept, parsed."""
    return next(iter(records_of(xml, f"PMID {pmid}"))).parse()


def put_around(tag: str, record_xml: bytes) -> bytes:
    """A record as EFetch sends it: those of old files and of book sets lack the element around them."""
    around = {"MedlineCitation": b"PubmedArticle", "BookDocument": b"PubmedBookArticle"}.get(tag)
    return b"<%b>%b</%b>" % (around, record_xml, around) if around else record_xml
