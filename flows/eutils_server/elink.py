"""ELink: neighbours in PubMed, LinkOut resources, and which links there are."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from starlette.responses import Response

from flows.eutils_server.history import History
from flows.eutils_server.protocol import (
    Parameters,
    UtilityError,
    document,
    json_reply,
    read_ids,
    tag,
    xml_reply,
)
from flows.eutils_server.store import Links, Store

# Link names with their menu entries and descriptions, as EInfo has them.
LINKS = {
    "pubmed_pubmed": ("Similar articles", "Similar PubMed articles, obtained by matching text and MeSH terms"),
    "pubmed_pubmed_citedin": ("Cited In", "Articles in PubMed that cite this article"),
    "pubmed_pubmed_refs": ("References for PMC Articles", "References for this PMC Article"),
}
HTML_TAGS = {
    "pubmed_pubmed": "Similar articles",
    "pubmed_pubmed_citedin": "Cited In",
    "pubmed_pubmed_refs": "References",
}
LINKOUT_COMMANDS = ("llinks", "llinkslib", "prlinks")
COMMANDS = ("neighbor", "neighbor_score", "neighbor_history", "acheck", "ncheck", "lcheck", *LINKOUT_COMMANDS)

# Neighbours by link name, scores if there are any.
LinkSetDbs = list[tuple[str, dict[int, int | None]]]


def elink(store: Store, history: History, parameters: Parameters) -> Response:
    """What a command asks for: a LinkSet for each repeated `id`, one for all of a comma list or of a history set.

    Raises:
        UtilityError: The command or the database is not known, or there is no id.
    """
    command = parameters.get("cmd") or "neighbor"
    if command not in COMMANDS:
        raise UtilityError(400, f"Unsupported cmd: {command}")
    groups = source_groups(history, parameters)
    if command in LINKOUT_COMMANDS:
        written = [linkout_set(store, group, is_first_only=command == "prlinks") for group in groups]
        return xml_reply(document("elink", f"\n{''.join(written)}"))
    if command.endswith("check"):
        return xml_reply(document("elink", f"\n{''.join(check_set(store, group, command) for group in groups)}"))
    if parameters.get("db", "pubmed") != "pubmed":
        # There is no other database here, so nothing links to one.
        names: Sequence[str] = ()
    else:
        names = tuple(parameters["linkname"].split(",")) if parameters.get("linkname") else tuple(LINKS)
    neighbours = {name: store.neighbours(name, {pmid for group in groups for pmid in group}) for name in names}
    found = [(group, link_dbs(group, neighbours)) for group in groups]
    if command == "neighbor_history":
        return history_reply(history, parameters, found)
    is_scored = command == "neighbor_score"
    if parameters.get("retmode") == "json":
        sets = [json_set(group, dbs, is_scored=is_scored) for group, dbs in found]
        return json_reply("elink", {"linksets": sets})
    body = "".join(link_set(group, dbs, is_scored=is_scored) for group, dbs in found)
    return xml_reply(document("elink", f"\n{body}"))


def source_groups(history: History, parameters: Parameters) -> list[list[int]]:
    """The PMIDs of each LinkSet.

    Raises:
        UtilityError: There is no id.
    """
    earlier = history.find(parameters)
    if earlier is not None:
        return [earlier.tolist()]
    return [read_ids(Parameters([("id", value)])) for value in parameters.getlist("id") or [""]]


def link_dbs(pmids: Sequence[int], neighbours: Mapping[str, Mapping[int, Links]]) -> LinkSetDbs:
    """The neighbours of one PMID, or of several merged, by link name; names without any are left out."""
    found: LinkSetDbs = []
    for name, by_pmid in neighbours.items():
        links: dict[int, int | None] = {}
        for pmid in pmids:
            for neighbour, score in by_pmid.get(pmid, ()):
                links.setdefault(neighbour, score)
        if links:
            found.append((name, links))
    return found


def link_set(pmids: Sequence[int], dbs: LinkSetDbs, *, is_scored: bool) -> str:
    """A LinkSet of neighbours, with scores if they are asked for and there are any."""
    written = []
    for name, links in dbs:
        parts = []
        for pmid, score in links.items():
            scored = tag("Score", score) if is_scored and score is not None else ""
            parts.append(f"<Link>{tag('Id', pmid)}{scored}</Link>")
        written.append(f"<LinkSetDb>{tag('DbTo', 'pubmed')}{tag('LinkName', name)}{''.join(parts)}</LinkSetDb>")
    return enclosed(pmids, "".join(written))


def enclosed(pmids: Sequence[int], content: str) -> str:
    """A LinkSet around its content, with the ids that it is about."""
    ids = "".join(tag("Id", pmid) for pmid in pmids)
    return f"<LinkSet>{tag('DbFrom', 'pubmed')}<IdList>{ids}</IdList>{content}</LinkSet>\n"


def json_set(pmids: Sequence[int], dbs: LinkSetDbs, *, is_scored: bool) -> dict[str, object]:
    """The same as JSON."""
    members: dict[str, object] = {"dbfrom": "pubmed", "ids": [str(pmid) for pmid in pmids]}
    if dbs:
        members["linksetdbs"] = [
            {
                "dbto": "pubmed",
                "linkname": name,
                "links": [
                    {"id": str(pmid), "score": score} if is_scored and score is not None else str(pmid)
                    for pmid, score in links.items()
                ],
            }
            for name, links in dbs
        ]
    return members


def history_reply(
    history: History, parameters: Parameters, found: Sequence[tuple[Sequence[int], LinkSetDbs]]
) -> Response:
    """The reply to `neighbor_history`: each set of neighbours is kept, all in one WebEnv."""
    web_env = parameters.get("WebEnv") or ""
    sets = []
    for pmids, dbs in found:
        written = []
        for name, links in dbs:
            web_env, key = history.keep(web_env, links)
            written.append(
                f"<LinkSetDbHistory>{tag('DbTo', 'pubmed')}{tag('LinkName', name)}{tag('QueryKey', key)}"
                "</LinkSetDbHistory>"
            )
        sets.append((pmids, "".join(written)))
    if not web_env:
        web_env, _ = history.keep("", ())
    body = "".join(enclosed(pmids, written + tag("WebEnv", web_env)) for pmids, written in sets)
    return xml_reply(document("elink", f"\n{body}"))


def linkout_set(store: Store, pmids: Sequence[int], *, is_first_only: bool) -> str:
    """A LinkSet of LinkOut resources, one IdUrlSet a PMID; Info says so if there are none."""
    parts = []
    for pmid in pmids:
        resources = store.linkouts(pmid)[: 1 if is_first_only else None]
        content = "".join(resources) or tag("Info", "No LinkOut resources")
        parts.append(f"<IdUrlSet>{tag('Id', pmid)}{content}</IdUrlSet>")
    return f"<LinkSet>{tag('DbFrom', 'pubmed')}<IdUrlList>{''.join(parts)}</IdUrlList></LinkSet>\n"


def check_set(store: Store, pmids: Sequence[int], command: str) -> str:
    """A LinkSet that says which links there are (acheck), or whether there are any (ncheck, lcheck)."""
    write: Callable[[Store, int], str] = {"acheck": link_infos, "ncheck": has_neighbor, "lcheck": has_linkout}[command]
    checked = "".join(write(store, pmid) for pmid in pmids)
    return f"<LinkSet>{tag('DbFrom', 'pubmed')}<IdCheckList>{checked}</IdCheckList></LinkSet>\n"


def link_infos(store: Store, pmid: int) -> str:
    """The links of a PMID, each as a LinkInfo."""
    infos = "".join(
        f"<LinkInfo>{tag('DbTo', db)}{tag('LinkName', name)}{menu}{tag('HtmlTag', html)}{tag('Priority', priority)}"
        "</LinkInfo>"
        for db, name, menu, html, priority in available_links(store, pmid)
    )
    return f"<IdLinkSet>{tag('Id', pmid)}{infos}</IdLinkSet>"


def available_links(store: Store, pmid: int) -> Iterator[tuple[str, str, str, str, int]]:
    """Database, link name, MenuTag element, HtmlTag and priority of each link of a PMID."""
    for number, (name, (menu, _)) in enumerate(LINKS.items(), start=1):
        if store.neighbours(name, [pmid]):
            yield "pubmed", name, tag("MenuTag", menu), HTML_TAGS[name], number
    if store.linkouts(pmid):
        yield "LinkOut", "ExternalLink", tag("MenuTag", "LinkOut"), "LinkOut", 255


def has_neighbor(store: Store, pmid: int) -> str:
    """An Id that says whether the PMID has neighbours."""
    return f'<Id HasNeighbor="{"Y" if any(store.neighbours(name, [pmid]) for name in LINKS) else "N"}">{pmid}</Id>'


def has_linkout(store: Store, pmid: int) -> str:
    """An Id that says whether the PMID has LinkOut resources."""
    return f'<Id HasLinkOut="{"Y" if store.linkouts(pmid) else "N"}">{pmid}</Id>'
