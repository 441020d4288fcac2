"""Parameters and errors in NCBI's forms."""

import json

import pytest

from flows.eutils_server.protocol import Parameters, UtilityError, error_reply, number, read_ids, split_ids, tag, wrap


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("", 20), ("9" * 18, 10**18 - 1)])
def test_a_number_is_read_or_the_default(text: str, expected: int) -> None:
    """An empty one does not count."""
    assert number(Parameters([("retmax", text)]), "retmax", 20) == expected
    assert number(Parameters(), "retmax", 20) == 20


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "9" * 19, "\u0663"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Arabic digits are digits to Python."""
    with pytest.raises(UtilityError, match=f"Invalid value of retmax: {text}"):
        number(Parameters([("retmax", text)]), "retmax", 20)


def test_ids_come_repeated_and_in_lists() -> None:
    """What is not a number is left out, unless nothing is left."""
    given = Parameters([("id", "1,2 3"), ("db", "pubmed"), ("id", "x,4")])
    assert split_ids(given) == ["1", "2", "3", "x", "4"]
    assert read_ids(given) == [1, 2, 3, 4]
    with pytest.raises(UtilityError, match="ID list is empty"):
        read_ids(Parameters([("id", "x,0")]))
    with pytest.raises(UtilityError, match="Supplied id parameter is empty"):
        read_ids(Parameters([("id", " ")]))


def test_an_error_has_the_form_of_its_utility() -> None:
    """JSON if the utility has it; NCBI misspells EFetch's root in the DOCTYPE."""
    error = UtilityError(400, "a < b", "two")
    xml = bytes(error_reply("efetch", error, is_json=True).body).decode()
    assert "<!DOCTYPE eEfetchResult " in xml
    assert xml.endswith("<eFetchResult>\n\t<ERROR>a &lt; b</ERROR>\n\t<ERROR>two</ERROR>\n</eFetchResult>\n")
    replies = {u: json.loads(bytes(error_reply(u, error, is_json=True).body)) for u in ("esearch", "esummary", "elink")}
    assert replies["esearch"]["esearchresult"] == {"ERROR": "a < b two"}
    assert replies["esummary"]["error"] == replies["elink"]["ERROR"] == "a < b two"
    plain = error_reply("ecitmatch", error, is_json=True)
    assert (plain.body, plain.status_code) == (b"a < b\n", 400)


def test_a_line_break_in_an_error_is_one_in_its_json() -> None:
    """As NCBI sends it; the length says how long it is then."""
    reply = error_reply("elink", UtilityError(400, "one\ntwo"), is_json=True)
    assert b'"one\ntwo"' in bytes(reply.body)
    assert reply.headers["content-length"] == str(len(bytes(reply.body)))


def test_elements_are_escaped_and_empty_ones_short() -> None:
    """Elements around elements are not."""
    assert tag("A", "x & <y>") == "<A>x &amp; &lt;y&gt;</A>"
    assert (wrap("A", "<b/>"), wrap("A", "")) == ("<A><b/></A>", "<A/>")
