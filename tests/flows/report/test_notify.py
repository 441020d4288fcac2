"""People are told what is new and retracted, once each, and never without news."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest
from lxml import etree
from pydantic import SecretStr

from flows.definition.settings import Settings
from flows.report import notify
from flows.report.digest import Digest, Told
from flows.report.feed import ATOM
from flows.runs.refresh import refresh
from tests.records import article, article_set
from tests.scripted import serving_with
from warehouse.errors import UsageError

ENTRY = '<CommentsCorrections RefType="RetractionIn"><RefSource>J</RefSource></CommentsCorrections>'
NOTICE = ("", f"<CommentsCorrectionsList>{ENTRY}</CommentsCorrectionsList>", "")
NOW = f"{datetime.now(UTC):%Y}", f"{datetime.now(UTC):%m}", f"{datetime.now(UTC):%d}"


class Receiver(BaseHTTPRequestHandler):
    """Takes JSON that is posted, unless told to refuse."""

    told: ClassVar[list[dict[str, Any]]] = []
    status = 200

    def do_POST(self) -> None:
        """Keep it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.status == 200:
            self.told.append(body)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The Apprise address of a receiver on loopback."""
    monkeypatch.setattr(Receiver, "told", [])
    monkeypatch.setattr(Receiver, "status", 200)
    with serving_with(Receiver) as base_url:
        yield base_url.replace("http:", "json:")


@pytest.fixture
def settings(receiver: str, make_settings: Callable[..., Settings]) -> Settings:
    """A corpus of two lists, which tells the receiver."""
    made = make_settings("sample", mine__pmids="1\n2\n", yours__pmids="2\n3\n")
    return made.model_copy(update={"notify": SecretStr(receiver), "no_report": False})


def run(settings: Settings, serve: Callable[[bytes], str], *records: str) -> Any:
    """A refresh over some records."""
    return refresh(settings.model_copy(update={"entrez": serve(article_set(*records))}))


def entries(settings: Settings) -> list[tuple[str, str]]:
    """Title and content of the entries of the feed."""
    feed = etree.parse(settings.data_dir / "feed.xml").getroot()
    assert feed.tag == f"{{{ATOM}}}feed"
    for part in (feed, *feed.findall(f"{{{ATOM}}}entry")):
        assert all(part.findtext(f"{{{ATOM}}}{name}") for name in ("id", "title", "updated"))
    found = feed.findall(f"{{{ATOM}}}entry")
    return [(str(e.findtext(f"{{{ATOM}}}title")), str(e.findtext(f"{{{ATOM}}}content"))) for e in found]


def test_what_is_new_and_retracted_is_told_once_by_search(
    settings: Settings, serve_records: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent if nothing happened, and what could not be sent is sent by the next run."""
    monkeypatch.setattr("flows.report.after_run.can_draw", lambda: False)
    first = [article(1, title="One &amp; <i>only</i>."), article(2, title="Two.")]
    run(settings, serve_records, *first)
    (message,) = Receiver.told
    assert message["title"] == "corpus: 2 new"
    assert message["message"].splitlines() == [
        "New, mine (1)",
        "- One & only. J Invent Res 2019. https://pubmed.ncbi.nlm.nih.gov/1/",
        "",
        "New, mine, yours (1)",
        "- Two. J Invent Res 2019. https://pubmed.ncbi.nlm.nih.gov/2/",
    ]
    ((title, content),) = entries(settings)
    assert title == "2 new"
    assert '<a href="https://pubmed.ncbi.nlm.nih.gov/1/">One &amp; only. J Invent Res 2019.</a>' in content
    run(settings, serve_records, *first)
    assert len(Receiver.told) == 1
    assert len(entries(settings)) == 1
    retracted = article(2, title="Two.", parts=NOTICE, revised=NOW)
    (settings.seeds / "more.pmids").write_text("4\n", encoding="utf-8")
    monkeypatch.setattr(Receiver, "status", 500)
    report = run(settings, serve_records, first[0], retracted, article(4, title="Four."))
    assert "json: what is new could not be sent; the next run sends it. See --notify." in report.notes
    assert len(Receiver.told) == 1
    monkeypatch.setattr(Receiver, "status", 200)
    run(settings, serve_records, first[0], retracted, article(4, title="Four."))
    assert Receiver.told[1]["title"] == "corpus: 1 retracted, 1 new"
    assert Receiver.told[1]["message"].splitlines()[:2] == [
        "Retracted (1)",
        "- Two. J Invent Res 2019. https://pubmed.ncbi.nlm.nih.gov/2/",
    ]
    assert [title for title, _ in entries(settings)] == ["1 retracted, 1 new", "2 new"]
    run(settings, serve_records, first[0], retracted, article(4, title="Four."))
    assert len(Receiver.told) == 2


def test_alarms_alone_say_nothing_of_what_is_new(settings: Settings, serve_records: Callable[[bytes], str]) -> None:
    """A retraction is sent, and each failure once."""
    settings = settings.model_copy(update={"alarms_only": True, "no_report": True})
    run(settings, serve_records, article(1), article(2), article(3))
    assert Receiver.told == []
    assert not (settings.data_dir / "feed.xml").exists()
    (settings.seeds / "bad.pmids").write_text("one\n", encoding="utf-8")
    for _ in range(2):
        run(settings, serve_records, article(1, parts=NOTICE, revised=NOW), article(2), article(3))
    (message,) = Receiver.told
    assert message["title"] == "corpus: 1 retracted, not all could be done"
    assert message["message"].startswith("! ")
    assert "'one' is not a PMID" in message["message"]


def test_an_address_is_checked_and_not_shown(tmp_path: Path) -> None:
    """It can have a password in it."""
    notify.check_addresses(["https://example.org/hook", "mailto://me:secret@example.org", "json://127.0.0.1/x"])
    assert [notify.is_webhook(a) for a in ("https://example.org/hook", "mailto://me:x@example.org")] == [True, False]
    with pytest.raises(UsageError, match="--notify nonsense: write a URL") as failed:
        notify.check_addresses(["nonsense://me:secret@example.org"])
    assert "secret" not in str(failed.value)
    assert list(tmp_path.iterdir()) == []


class MailServer(socketserver.StreamRequestHandler):
    """Takes a mail by SMTP."""

    taken: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        """Answer each line, and keep what follows DATA."""
        self.wfile.write(b"220 here\r\n")
        lines = iter(self.rfile)
        for line in lines:
            answer = b"250 yes\r\n"
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.taken.append(b"".join(iter(lambda: next(lines), b".\r\n")))
            elif line.upper().startswith(b"QUIT"):
                return
            self.wfile.write(answer)


def test_a_mail_has_titles_as_links_and_as_lines() -> None:
    """One part for each kind of reader."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"mailto://127.0.0.1:{server.server_address[1]}?from=a@example.org&to=b@example.org&mode=insecure"
        told = Told("new", "mine", 7, "A & <b>.", "J", 2019, 0, 1)
        assert notify.send(address, "corpus: 1 new", ["Not obtained: 8."], Digest((told,)))
        server.shutdown()
        thread.join()
    mail = message_from_bytes(MailServer.taken[0])
    assert mail["Subject"] == "corpus: 1 new"
    plain, marked = (part.get_payload(decode=True).decode() for part in mail.get_payload())  # type: ignore[union-attr]
    assert plain.splitlines() == ["Not obtained: 8.", "New, mine (1)", "- A & <b>. J 2019."]
    assert '<li><a href="https://pubmed.ncbi.nlm.nih.gov/7/">A &amp; &lt;b&gt;. J 2019.</a></li>' in marked
