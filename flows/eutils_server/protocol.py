"""What the utilities share: parameters, limits, the form of replies, NCBI's words for errors (NBK25497, NBK25499)."""

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from starlette.datastructures import MultiDict
from starlette.responses import Response

from transforms.values import to_pmid

Parameters = MultiDict

DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" ?>\n'
XML = "text/xml; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=utf-8"

# Root elements of replies with their DOCTYPEs; EFetch's is that of its errors, and spelt so by NCBI.
DOCTYPES = {
    "einfo": ("eInfoResult", "-//NLM//DTD einfo 20190110//EN", "20190110/einfo.dtd"),
    "esearch": ("eSearchResult", "-//NLM//DTD esearch 20060628//EN", "20060628/esearch.dtd"),
    "epost": ("ePostResult", "-//NLM//DTD epost 20090526//EN", "20090526/epost.dtd"),
    "esummary": ("eSummaryResult", "-//NLM//DTD esummary v1 20041029//EN", "20041029/esummary-v1.dtd"),
    "efetch": ("eFetchResult", "-//NLM//DTD efetch 20131226//EN", "20131226/efetch.dtd"),
    "elink": ("eLinkResult", "-//NLM//DTD elink 20101123//EN", "20101123/elink.dtd"),
}
MISSPELT = {"efetch": "eEfetchResult"}

LIMIT = 10_000
REACHABLE = 9_999
LONGEST_URL = 8_000
HIGHEST_ID = 18446744073709551615
WALL = (
    "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first 9,999 records matching the "
    "query. To obtain more than 9,999 PubMed records, consider using EDirect that contains additional logic to batch "
    "PubMed search results automatically so that an arbitrary number can be retrieved. For details see "
    "https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
TOO_LONG = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="en" xml:lang="en">
<head><title>Submitted URI too large!</title></head>
<body><h1>Submitted URI too large!</h1>
<p>The length of the requested URL exceeds the capacity limit for this server. The request cannot be processed.</p>
<h2>Error 414</h2></body></html>
"""


class UtilityError(Exception):
    """An answer other than the one asked for: a status, and NCBI's words, one ERROR for each."""

    def __init__(self, status: int, *words: str) -> None:
        super().__init__(*words)
        self.status = status
        self.words = words


def document(utility: str, body: str, doctype: tuple[str, str, str] | None = None) -> str:
    """An XML reply of a utility with its DOCTYPE, or with another one."""
    root, public, path = doctype or DOCTYPES[utility]
    return f'{DECLARATION}<!DOCTYPE {root} PUBLIC "{public}" "{DTD}/{path}">\n<{root}>{body}</{root}>\n'


def xml_reply(text: str | bytes, status: int = 200) -> Response:
    """An XML reply as NCBI labels it."""
    return Response(text, status, media_type=XML)


def json_reply(utility: str, members: Mapping[str, object], status: int = 200) -> Response:
    """A JSON reply with the header of a utility."""
    reply = {"header": {"type": utility, "version": "0.3"}, **members}
    return Response(json.dumps(reply, ensure_ascii=False), status, media_type=JSON)


def error_reply(utility: str, error: UtilityError, *, is_json: bool) -> Response:
    """NCBI's form of an error; JSON if the utility has it and it was asked for."""
    if utility == "ecitmatch":
        return Response(f"{error.words[0]}\n", error.status, media_type=TEXT)
    if is_json and utility in ("esearch", "esummary", "epost", "elink", "einfo"):
        said = " ".join(error.words)
        members: dict[str, object] = {"error": said} if utility == "esummary" else {"ERROR": said}
        if utility == "esearch":
            members = {"esearchresult": {"ERROR": said}}
        reply = json_reply(utility, members, error.status)
        if "\n" in said:
            # NCBI writes a line break in an error as it is, which is not JSON to a strict reader.
            reply.body = bytes(reply.body).replace(b"\\n", b"\n")
            reply.headers["content-length"] = str(len(reply.body))
        return reply
    root, public, path = DOCTYPES[utility]
    body = "".join(f"\n\t<ERROR>{escape(words)}</ERROR>" for words in error.words)
    named = MISSPELT.get(utility, root)
    text = f'{DECLARATION}<!DOCTYPE {named} PUBLIC "{public}" "{DTD}/{path}">\n<{root}>{body}\n</{root}>\n'
    return xml_reply(text, error.status)


def tag(name: str, content: object = "") -> str:
    """An element around some text."""
    return f"<{name}>{escape(str(content))}</{name}>"


def wrap(name: str, xml: str) -> str:
    """An element around elements; without any, an empty one."""
    return f"<{name}>{xml}</{name}>" if xml else f"<{name}/>"


def number(parameters: Parameters, name: str, default: int) -> int:
    """A parameter that is a number.

    Raises:
        UtilityError: It is not.
    """
    text = parameters.get(name) or str(default)
    if not (text.isdecimal() and text.isascii() and len(text) <= 18):
        raise UtilityError(400, f"Invalid value of {name}: {text}")
    return int(text)


def read_ids(parameters: Parameters) -> list[int]:
    """The ids of a request, from repeated `id` and comma lists; what is not a number is left out, as NCBI does.

    Raises:
        UtilityError: There is no id at all, or none that is a number above 0.
    """
    texts = split_ids(parameters)
    if not texts:
        raise UtilityError(400, "Supplied id parameter is empty.")
    ids = [pmid for text in texts if (pmid := to_pmid(text))]
    if not ids:
        raise UtilityError(400, "ID list is empty! Possibly it has no correct IDs.")
    return ids


def split_ids(parameters: Parameters) -> list[str]:
    """The ids of a request as they stand; EDirect has spaces between them."""
    return [part for value in parameters.getlist("id") for part in value.replace(",", " ").split()]
