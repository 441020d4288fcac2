"""EInfo: the databases, and the fields and links of PubMed."""

from datetime import UTC, datetime

from starlette.responses import Response

from flows.corpus_search.places import is_answered
from flows.eutils_server.elink import LINKS
from flows.eutils_server.protocol import Parameters, UtilityError, document, json_reply, tag, xml_reply
from flows.eutils_server.store import Store
from transforms.pubmed_fields import FIELDS, Field

# EInfo's names of fields, where translations have others.
OTHER_NAMES = {"FULL": "Author", "FINV": "Investigator"}


def einfo(store: Store, parameters: Parameters) -> Response:
    """The list of databases, or what there is to know of pubmed, in XML and in JSON.

    Raises:
        UtilityError: The database is another one.
    """
    db, is_json = parameters.get("db"), parameters.get("retmode") == "json"
    if not db:
        if is_json:
            return json_reply("einfo", {"einforesult": {"dblist": ["pubmed"]}})
        return xml_reply(document("einfo", f"\n<DbList>\n\t{tag('DbName', 'pubmed')}\n</DbList>\n"))
    if db != "pubmed":
        raise UtilityError(200, f"Can not retrieve DbInfo for db={db}")
    now = datetime.now(UTC)
    about = {
        "DbName": "pubmed",
        "MenuName": "PubMed",
        "Description": "PubMed bibliographic record",
        "DbBuild": f"Build-{now:%Y.%m.%d.%H.%M}",
        "Count": str(len(store)),
        "LastUpdate": f"{now:%Y/%m/%d %H:%M}",
    }
    fields = [field_members(field) for field in FIELDS if is_answered(field)]
    links = [
        {"Name": name, "Menu": menu, "Description": description, "DbTo": "pubmed"}
        for name, (menu, description) in LINKS.items()
    ]
    if is_json:
        members: dict[str, object] = {name.lower(): value for name, value in about.items()}
        members["fieldlist"] = [{name.lower(): value for name, value in field.items()} for field in fields]
        members["linklist"] = [{name.lower(): value for name, value in link.items()} for link in links]
        return json_reply("einfo", {"einforesult": {"dbinfo": [members]}})
    body = "".join(f"\n\t{tag(name, value)}" for name, value in about.items())
    body += listed("FieldList", "Field", fields) + listed("LinkList", "Link", links)
    return xml_reply(document("einfo", f"\n<DbInfo>{body}\n</DbInfo>\n"))


def field_members(field: Field) -> dict[str, str]:
    """A field as EInfo has it; terms are not counted, as NCBI no longer counts those of PubMed."""
    return {
        "Name": field.name,
        "FullName": OTHER_NAMES.get(field.name, field.full_name),
        "Description": field.description,
        "TermCount": "",
        "IsDate": "Y" if field.kind == "date" else "N",
        "IsNumerical": "Y" if field.kind == "uid" else "N",
        "SingleToken": "N" if field.kind == "words" else "Y",
        "Hierarchy": "N",
        "IsHidden": "Y" if field.kind == "uid" else "N",
    }


def listed(name: str, entry: str, entries: list[dict[str, str]]) -> str:
    """A list of elements."""
    written = "".join(
        f"\n\t\t<{entry}>{''.join(tag(member, value) for member, value in members.items())}</{entry}>"
        for members in entries
    )
    return f"\n\t<{name}>{written}\n\t</{name}>"
