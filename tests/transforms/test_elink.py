"""ELink's replies, from their bytes to the rows of the tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from transforms.elink import LinkSet, Neighbour, ObjUrl, make_link_tables, parse_elink
from warehouse.errors import PermanentError, TransientError

REPLIES = Path(__file__).parents[3] / "shared" / "data" / "eutils"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SIMILAR = {"pubmed_pubmed": "similar"}
ALL = {"pubmed_pubmed": "similar", "pubmed_pubmed_citedin": "cited_by", "pubmed_pubmed_refs": "reference"}


def reply(*sets: str) -> bytes:
    """An ELink reply that holds these link sets."""
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<eLinkResult>{"".join(sets)}</eLinkResult>'.encode()


def link_set(ids: str, *link_dbs: str) -> str:
    """A LinkSet of these source ids, written with spaces between them."""
    sources = "".join(f"<Id>{pmid}</Id>" for pmid in ids.split())
    return f"<LinkSet><DbFrom>pubmed</DbFrom><IdList>{sources}</IdList>{''.join(link_dbs)}</LinkSet>"


def link_db(name: str, links: str, db: str = "pubmed") -> str:
    """A LinkSetDb; links are `id` or `id=score`, with spaces between them."""
    elements = []
    for link in links.split():
        pmid, _, score = link.partition("=")
        elements.append(f"<Link><Id>{pmid}</Id>{f'<Score>{score}</Score>' if score else ''}</Link>")
    return f"<LinkSetDb><DbTo>{db}</DbTo><LinkName>{name}</LinkName>{''.join(elements)}</LinkSetDb>"


def rows(link_sets: list[LinkSet], asked: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
    tables = make_link_tables(link_sets, run_id="r", fetched_at=AT, asked=asked)
    return {name: [tuple(row.values()) for row in table.to_pylist()] for name, table in tables.items()}


# --- parsing ----------------------------------------------------------------------------------------------------------


def test_neighbours_come_in_ncbis_order_with_scores() -> None:
    """The nearest is first."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", "3=900 2=800"))))
    assert found == LinkSet((1,), links={"pubmed_pubmed": [Neighbour(3, 900), Neighbour(2, 800)]})


def test_neighbours_without_scores_have_none() -> None:
    """`cmd=neighbor` gives none."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", "3 2"))))
    assert found.links["pubmed_pubmed"] == [Neighbour(3, None), Neighbour(2, None)]


def test_the_source_itself_is_no_neighbour() -> None:
    """It heads its own list of similar articles, with the highest score."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", "1=999 3=900"))))
    assert found.links == {"pubmed_pubmed": [Neighbour(3, 900)]}


def test_a_list_of_the_source_alone_is_empty() -> None:
    """An article without neighbours has been seen with itself only."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", "1=999"))))
    assert found.links == {"pubmed_pubmed": []}


def test_a_neighbour_that_comes_twice_is_kept_once() -> None:
    """The first place and score count."""
    (found,) = parse_elink(
        reply(link_set("1", link_db("pubmed_pubmed", "3=9 2=8 3=7"), link_db("pubmed_pubmed", "2=6 4=5")))
    )
    assert found.links["pubmed_pubmed"] == [Neighbour(3, 9), Neighbour(2, 8), Neighbour(4, 5)]


def test_repeated_ids_give_a_set_each() -> None:
    """`id=1&id=2` tells whose neighbours are whose."""
    found = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", "3")), link_set("2")))
    assert found == [LinkSet((1,), links={"pubmed_pubmed": [Neighbour(3)]}), LinkSet((2,))]


def test_a_comma_list_gives_one_set_for_all() -> None:
    """Sources can be each other's neighbours, so none is dropped."""
    (found,) = parse_elink(reply(link_set("1 2", link_db("pubmed_pubmed", "1 2 3"))))
    assert found == LinkSet((1, 2), links={"pubmed_pubmed": [Neighbour(1), Neighbour(2), Neighbour(3)]})


def test_links_into_other_databases_are_left_out() -> None:
    """Their ids are not PMIDs."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_gene", "672", db="gene"))))
    assert found.links == {}


def test_an_invalid_id_is_no_source() -> None:
    """NCBI repeats what it was sent."""
    assert parse_elink(reply(link_set("abc")))[0].source_pmids == ()


def test_an_id_that_is_no_pmid_is_no_neighbour() -> None:
    """A link to 0 would make a citation 0."""
    (found,) = parse_elink(reply(link_set("1", link_db("pubmed_pubmed", f"0 -5 {'9' * 20} 0000002"))))
    assert [neighbour.pmid for neighbour in found.links["pubmed_pubmed"]] == [2]


LLINKS = """<LinkSet><DbFrom>pubmed</DbFrom><IdUrlList><IdUrlSet><Id>1</Id><ObjUrl>
<Url>https://example.org/a?b=1&amp;c=2</Url><IconUrl LNG="EN">//x/y.gif</IconUrl><LinkName>Full  text</LinkName>
<SubjectType>publishers/providers</SubjectType><Category>Full Text Sources</Category>
<Attribute>free resource</Attribute><Attribute>full-text online</Attribute>
<Provider><Name>Example</Name><NameAbbr>EX</NameAbbr><Id>3051</Id>
<Url LNG="EN">http://example.org</Url></Provider></ObjUrl></IdUrlSet><IdUrlSet><Id>2</Id></IdUrlSet></IdUrlList></LinkSet>"""
RESOURCE = ObjUrl(
    "https://example.org/a?b=1&c=2",
    "Full text",
    "publishers/providers",
    "Full Text Sources",
    "free resource; full-text online",
    "Example",
    "EX",
    "3051",
)


def test_llinks_give_resources_for_each_citation() -> None:
    """One with its provider, and a citation that has none."""
    assert parse_elink(reply(LLINKS)) == [LinkSet((1,), linkouts=(RESOURCE,)), LinkSet((2,), linkouts=())]


def test_an_error_of_one_set_costs_that_set_only() -> None:
    """The others of a request by id are good."""
    broken = "<LinkSet><DbFrom>pubmed</DbFrom><IdList><Id>1</Id></IdList><ERROR>Invalid id</ERROR></LinkSet>"
    found = parse_elink(reply(broken, link_set("2", link_db("pubmed_pubmed", "3"))))
    assert [each.errors for each in found] == [("Invalid id",), ()]
    assert [row[0] for row in rows(found, SIMILAR)["link_list"]] == [2]


@pytest.mark.parametrize(
    "body",
    [
        reply("<ERROR>Couldn't resolve #exLinkSrv2, the address table is empty.</ERROR>"),
        reply("<LinkSet><DbFrom>pubmed</DbFrom><ERROR>TXCLIENT: Read failed: EOF</ERROR></LinkSet>"),
        b'{"ERROR":"Couldn\'t resolve #exLinkSrv2, the address table is empty."}',
        b'{"error":"API rate limit exceeded","api-key":"192.0.2.1","count":"5","limit":"3"}',
        b"<html><body>502 Bad Gateway</body></html>",
        b"<!DOCTYPE html><html><br>500</html>",
        b"",
        b"<eLinkResult><LinkSet><DbFrom>pubmed</DbFrom>",
        b"<PubmedArticleSet/>",
    ],
)
def test_a_passing_trouble_is_worth_asking_again(body: bytes) -> None:
    """An outage behind ELink, the limit on the rate, a page of a proxy, half a body."""
    with pytest.raises(TransientError, match=r"^ELink"):
        parse_elink(body)


@pytest.mark.parametrize(
    "body",
    [
        reply("<ERROR>Invalid linkname: pubmed_pubmed_x</ERROR>"),
        b'{"ERROR":"Empty id list - nothing todo"}',
        reply("<LinkSet><DbFrom>gene</DbFrom></LinkSet>"),
    ],
)
def test_a_request_that_ncbi_refuses_is_not_asked_again(body: bytes) -> None:
    """The same words would come back."""
    with pytest.raises(PermanentError, match=r"^ELink"):
        parse_elink(body)


def test_an_empty_error_says_nothing() -> None:
    """NCBI has sent `<ERROR/>` beside good data."""
    assert len(parse_elink(reply(link_set("1"), "<ERROR/>"))) == 1


def test_no_entity_is_expanded_and_no_dtd_is_fetched() -> None:
    """A reply comes from the network."""
    bomb = b'<!DOCTYPE eLinkResult [<!ENTITY a "1"><!ENTITY b "&a;&a;">]><eLinkResult>' + link_set("&b;").encode()
    assert parse_elink(bomb + b"</eLinkResult>")[0].source_pmids == ()


@given(st.binary(max_size=100))
def test_any_bytes_are_a_reply_or_an_error_of_ours(body: bytes) -> None:
    """The caller knows two kinds of trouble."""
    with pytest.raises((TransientError, PermanentError)):
        parse_elink(body)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_links_are_rows_in_order_and_lists_say_how_many() -> None:
    """Only linknames that were asked for make rows."""
    found = parse_elink(
        reply(link_set("1", link_db("pubmed_pubmed", "1=9 3=8 2=7"), link_db("pubmed_pubmed_five", "4=1")))
    )
    assert rows(found, SIMILAR) == {
        "link_list": [(1, "similar", "elink", 2, "r", AT.replace(tzinfo=None))],
        "link": [(1, "similar", 3, "elink", 1, 8), (1, "similar", 2, "elink", 2, 7)],
        "linkout_list": [],
        "linkout": [],
    }


def test_a_list_that_was_asked_for_and_is_empty_is_a_row_too() -> None:
    """Otherwise an article that nobody cites would be asked for every night."""
    found = parse_elink(reply(link_set("1", link_db("pubmed_pubmed_citedin", "5")), link_set("2")))
    assert [row[:4] for row in rows(found, ALL)["link_list"]] == [
        (1, "similar", "elink", 0),
        (1, "cited_by", "elink", 1),
        (1, "reference", "elink", 0),
        (2, "similar", "elink", 0),
        (2, "cited_by", "elink", 0),
        (2, "reference", "elink", 0),
    ]


def test_only_similar_articles_have_a_score() -> None:
    """For cited-by NCBI sends the source's PMID as the score."""
    found = parse_elink(reply(link_set("20210808", link_db("pubmed_pubmed_citedin", "24952205=20210808"))))
    assert rows(found, ALL)["link"] == [(20210808, "cited_by", 24952205, "elink", 1, None)]


def test_a_merged_set_makes_no_rows() -> None:
    """Whose neighbours they are cannot be told."""
    assert not any(rows(parse_elink(reply(link_set("1 2", link_db("pubmed_pubmed", "3")))), SIMILAR).values())


def test_a_source_that_comes_twice_makes_its_rows_once() -> None:
    """A key is a key."""
    found = parse_elink(
        reply(link_set("1"), link_set("1", link_db("pubmed_pubmed", "3")), link_set("1", link_db("pubmed_pubmed", "4")))
    )
    assert [row[:4] for row in rows(found, SIMILAR)["link_list"]] == [(1, "similar", "elink", 1)]
    assert [row[2] for row in rows(found, SIMILAR)["link"]] == [3]


def test_llinks_make_rows_of_resources_and_no_lists_of_links() -> None:
    """A citation without any resource is on record as that."""
    made = rows(parse_elink(reply(LLINKS)), ALL)
    at = AT.replace(tzinfo=None)
    assert made["linkout_list"] == [(1, 1, "r", at), (2, 0, "r", at)]
    assert made["linkout"] == [(1, 1, *vars(RESOURCE).values())]
    assert made["link_list"] == made["link"] == []


def test_times_are_kept_in_utc() -> None:
    """The column has no zone."""
    berlin = AT.astimezone(timezone(timedelta(hours=1)))
    table = make_link_tables([LinkSet((1,))], run_id="r", fetched_at=berlin, asked=SIMILAR)["link_list"]
    assert table["fetched_at"].to_pylist() == [datetime(2026, 11, 23, 2, 0)]  # noqa: DTZ001


# --- replies as they came ---------------------------------------------------------------------------------------------


def real_replies() -> Iterator[tuple[str, etree._Element, bytes]]:
    """Name, root and bytes of the stored replies that are about PubMed."""
    folder = REPLIES / "elink"
    if not folder.is_dir():
        pytest.skip("left out: the stored ELink replies (../shared/data/eutils/elink) are not here")
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        root = etree.fromstring(body.removeprefix(b"\xef\xbb\xbf"), etree.XMLParser(load_dtd=False, no_network=True))
        if root.findtext("LinkSet/DbFrom") == "pubmed":
            yield path.name, root, body


def texts(element: etree._Element, path: str) -> list[str]:
    """The texts of elements, counted without the module that is tested."""
    return [found.text or "" for found in element.findall(path)]


def test_every_stored_reply_holds_as_many_links_as_an_independent_count() -> None:
    """Each neighbour in PubMed of each list, the source and repeats not counted."""
    counted = 0
    for name, root, body in real_replies():
        found = {}
        for number, each in enumerate(parse_elink(body)):
            for linkname, neighbours in each.links.items():
                found[number, linkname] = [neighbour.pmid for neighbour in neighbours]
        expected = {}
        for number, element in enumerate(root.findall("LinkSet")):
            sources = texts(element, "IdList/Id")
            for link_set_db in element.findall("LinkSetDb[DbTo='pubmed']"):
                ids = dict.fromkeys(texts(link_set_db, "Link/Id"))
                own = sources if len(sources) == 1 else []
                expected[number, link_set_db.findtext("LinkName")] = [int(i) for i in ids if i not in own]
        assert found == expected, name
        counted += sum(map(len, found.values()))
    assert counted > 1000


def test_every_stored_reply_holds_as_many_resources_as_an_independent_count() -> None:
    """The replies of llinks."""
    counted = 0
    for name, root, body in real_replies():
        sets = parse_elink(body)
        urls = [resource.url for each in sets for resource in each.linkouts or ()]
        assert urls == texts(root, "LinkSet/IdUrlList/IdUrlSet/ObjUrl/Url"), name
        counted += len(urls)
        make_link_tables(sets, run_id="r", fetched_at=AT, asked=ALL)
    assert counted > 10


def test_the_stored_errors_are_told_apart() -> None:
    """The outage that others met."""
    path = REPLIES / "errors" / "quoted-linkml+linkml-reference-validator__elink_exlinksrv2.json"
    if not path.exists():
        pytest.skip("left out: the stored error replies (../shared/data/eutils/errors) are not here")
    with pytest.raises(TransientError, match="exLinkSrv2"):
        parse_elink(path.read_bytes())
