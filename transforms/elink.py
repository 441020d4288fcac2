"""ELink replies, read into links and LinkOut resources.

A reply holds one LinkSet for each id that was sent as a parameter of its own (`id=1&id=2`), or one for all of them
(`id=1,2`), which no longer tells whose neighbour is whose. `cmd=neighbor` gives neighbours, `neighbor_score` their
scores too, `llinks` LinkOut resources. Pages: NBK25499 (ELink), NBK25500 (its DTD, eLink_101123).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
from lxml import etree

from transforms.entrez_words import error_of, is_transient, quote_words
from transforms.values import to_pmid
from warehouse.errors import PermanentError, TransientError
from warehouse.schema.declaration import Table
from warehouse.schema.links import LINK, LINK_LIST, LINKOUT, LINKOUT_LIST


@dataclass(frozen=True)
class Neighbour:
    """A PMID that a list names; `score` is NCBI's similarity, None if the reply gives none."""

    pmid: int
    score: int | None = None


@dataclass(frozen=True)
class ObjUrl:
    """A LinkOut resource; elements that may repeat are joined by `; `, those that are absent or empty are None."""

    url: str
    link_name: str | None = None
    subject_type: str | None = None
    category: str | None = None
    attribute: str | None = None
    provider_name: str | None = None
    provider_abbr: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True)
class LinkSet:
    """What ELink says of one citation, or of several at once.

    Attributes:
        source_pmids: The ids that were asked for; more than one if the request merged them.
        links: Neighbours by linkname, in NCBI's order; a linkname without neighbours is not there, as in the reply.
            Each PMID comes once, the first time; the source itself, which heads its own `pubmed_pubmed`, is dropped.
        errors: NCBI's words for what went wrong with this set alone, empty if nothing did.
        linkouts: LinkOut resources in NCBI's order; None if the reply is not about them.
    """

    source_pmids: tuple[int, ...]
    links: dict[str, list[Neighbour]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    linkouts: tuple[ObjUrl, ...] | None = None


def parse_elink(reply: bytes) -> list[LinkSet]:
    """The link sets of a reply, in its order; from llinks, one for each citation.

    Args:
        reply: The body as ELink sent it, XML.

    Raises:
        TransientError: The body is not whole or no ELink reply, or NCBI names a passing trouble such as exLinkSrv2.
        PermanentError: NCBI refuses the request as such, or the reply is about another database than PubMed.
    """
    root = parse_reply(reply)
    raise_error(root.findall("ERROR"))
    sets = [link_set for element in root.iterchildren("LinkSet") for link_set in parse_link_set(element)]
    errors = [text for link_set in sets for text in link_set.errors]
    if any(map(is_transient, errors)):
        raise TransientError(f"ELink answered: {errors[0]}")
    return sets


def parse_reply(reply: bytes) -> etree._Element:
    """The root of a reply.

    Raises:
        TransientError: It is not well-formed, or not an eLinkResult; or it is JSON or HTML with a passing trouble.
        PermanentError: It is JSON or HTML with an error that will come again.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(reply.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except etree.XMLSyntaxError as exc:
        said = quote_words(reply) or "empty"
        if re.match(rb"\s*\{.*\"ERROR\"", reply, re.DOTALL | re.IGNORECASE):
            raise error_of(said, f"ELink answered: {said}") from exc
        raise TransientError(f"ELink's reply is not whole or no XML ({exc.msg}): {said}") from exc
    if root.tag != "eLinkResult":
        raise TransientError(f"ELink's reply is not an eLinkResult: {quote_words(reply) or 'empty'}")
    return root


def raise_error(errors: Sequence[etree._Element]) -> None:
    """Raise what a reply says instead of its link sets; an empty ERROR, which NCBI also sends, says nothing.

    Raises:
        TransientError, PermanentError: As the words say.
    """
    words = [said for error in errors if (said := words_of(error))]
    if words:
        raise error_of("; ".join(words), f"ELink answered: {'; '.join(words)}")


def parse_link_set(element: etree._Element) -> Iterator[LinkSet]:
    """The link sets of a LinkSet element: one, or from llinks one for each citation.

    Raises:
        PermanentError: It is about another database than PubMed.
    """
    db_from = words_of(element.find("DbFrom"))
    if db_from not in (None, "pubmed"):
        raise PermanentError(f"ELink's reply is about {db_from}, not about pubmed; ask it with dbfrom=pubmed.")
    errors = tuple(said for error in element.iter("ERROR") if (said := words_of(error)))
    url_sets = element.findall("IdUrlList/IdUrlSet")
    for url_set in url_sets:
        linkouts = tuple(parse_obj_url(obj) for obj in url_set.iterchildren("ObjUrl") if words_of(obj.find("Url")))
        yield LinkSet(parse_ids(url_set.findall("Id")), errors=errors, linkouts=linkouts)
    if not url_sets:
        sources = parse_ids(element.findall("IdList/Id"))
        yield LinkSet(sources, links=parse_links(element, sources), errors=errors)


def parse_links(element: etree._Element, sources: Sequence[int]) -> dict[str, list[Neighbour]]:
    """Neighbours by linkname, in the reply's order and each once; those in other databases than PubMed are left out."""
    links: dict[str, dict[int, Neighbour]] = {}
    own = sources[0] if len(sources) == 1 else None
    for link_db in element.iterchildren("LinkSetDb"):
        name = words_of(link_db.find("LinkName"))
        if name is None or words_of(link_db.find("DbTo")) != "pubmed":
            continue
        neighbours = links.setdefault(name, {})
        for link in link_db.iterchildren("Link"):
            for pmid in parse_ids(link.findall("Id")):
                if pmid != own:
                    neighbours.setdefault(pmid, Neighbour(pmid, parse_score(link.find("Score"))))
    return {name: list(neighbours.values()) for name, neighbours in links.items()}


def parse_ids(elements: Sequence[etree._Element]) -> tuple[int, ...]:
    """PMIDs; an Id that is none, as NCBI repeats an invalid one, is left out."""
    return tuple(pmid for element in elements if (pmid := to_pmid(words_of(element) or "")))


def parse_score(element: etree._Element | None) -> int | None:
    """A score; None if there is none or it is not a number."""
    said = words_of(element)
    return int(said) if said and re.fullmatch(r"-?[0-9]{1,18}", said) else None


def parse_obj_url(element: etree._Element) -> ObjUrl:
    """A LinkOut resource that has a Url."""
    return ObjUrl(
        url=words_of(element.find("Url")) or "",
        link_name=join_texts(element, "LinkName"),
        subject_type=join_texts(element, "SubjectType"),
        category=join_texts(element, "Category"),
        attribute=join_texts(element, "Attribute"),
        provider_name=join_texts(element, "Provider/Name"),
        provider_abbr=join_texts(element, "Provider/NameAbbr"),
        provider_id=join_texts(element, "Provider/Id"),
    )


def join_texts(element: etree._Element, path: str) -> str | None:
    """The texts of elements joined by `; `; None if there are none."""
    return "; ".join(said for found in element.findall(path) if (said := words_of(found))) or None


def words_of(element: etree._Element | None) -> str | None:
    """All text of an element with single spaces; None if it is absent or empty."""
    if element is None:
        return None
    return " ".join("".join(str(piece) for piece in element.itertext()).split()) or None


def make_link_tables(
    link_sets: Sequence[LinkSet], *, run_id: str, fetched_at: datetime, asked: Mapping[str, str]
) -> dict[str, pa.Table]:
    """The rows of a reply.

    Args:
        link_sets: As parsed; only those with one source tell whose neighbours they list, the others make no rows.
        run_id: The run that writes them.
        fetched_at: When the reply came, with its time zone, or in UTC.
        asked: link_kind by the linkname that was asked for: pubmed_pubmed is similar, pubmed_pubmed_citedin cited_by,
            pubmed_pubmed_refs reference. A reply can hold other linknames; they make no rows.

    Returns:
        By table name: link_list, one row for each source and kind that was asked, even if the list is empty; link in
        NCBI's order, with scores for similar only (elsewhere NCBI gives the source's PMID for a score); linkout_list
        and linkout of the sets from llinks, also if there is no resource. A source with an error of its own makes
        no rows; of two sets with the same list the first that is not empty does. A table without rows is there, and
        empty.
    """
    at = fetched_at.astimezone(UTC).replace(tzinfo=None) if fetched_at.tzinfo else fetched_at
    links: dict[tuple[int, str], list[Neighbour]] = {}
    linkouts: dict[int, tuple[ObjUrl, ...]] = {}
    for link_set in link_sets:
        if len(link_set.source_pmids) != 1 or link_set.errors:
            continue
        (pmid,) = link_set.source_pmids
        if link_set.linkouts is not None:
            linkouts.setdefault(pmid, link_set.linkouts)
            continue
        for name, kind in asked.items():
            found = link_set.links.get(name, [])
            if not links.get((pmid, kind)):
                links[pmid, kind] = found
    tables: dict[Table, list[tuple[object, ...]]] = {
        LINK_LIST: [(pmid, kind, "elink", len(found), run_id, at) for (pmid, kind), found in links.items()],
        LINK: [
            (pmid, kind, neighbour.pmid, "elink", order, neighbour.score if kind == "similar" else None)
            for (pmid, kind), found in links.items()
            for order, neighbour in enumerate(found, 1)
        ],
        LINKOUT_LIST: [(pmid, len(found), run_id, at) for pmid, found in linkouts.items()],
        LINKOUT: [
            (pmid, order, *vars(resource).values())
            for pmid, found in linkouts.items()
            for order, resource in enumerate(found, 1)
        ],
    }
    return {table.name: table.to_arrow(rows) for table, rows in tables.items()}
