"""What happens below Bio.Entrez: redirects, replies that trickle, and waits."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from flows.entrez.utilities import efetch
from tests.flows.entrez.clients import client_of
from tests.records import article, article_set
from tests.scripted import Answer, scripted_server
from warehouse.errors import TransientError

GOOD = article_set(article(1))


def test_a_redirect_to_no_address_is_a_failure_with_a_sentence() -> None:
    """A limit of five thousand digits does not count."""
    headers = {"Location": "http://[bad/", "X-RateLimit-Limit": "1" * 5000}
    with scripted_server(lambda _asked, _number: Answer(b"", 302, headers)) as (base_url, _):
        with pytest.raises(TransientError, match="efetch: "):
            efetch(client_of(base_url, entrez_budget_s=0, entrez_rate=10), [1])
        client_of(base_url).pace.unlink(missing_ok=True)


@pytest.mark.usefixtures("quick")
def test_headers_that_drip_have_an_end() -> None:
    """Each byte comes within the time-out, and a header may be 64 KiB."""

    def drip(listening: socket.socket) -> None:
        connection = listening.accept()[0]
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, args=(listening,), daemon=True).start()
        client = client_of(f"http://127.0.0.1:{listening.getsockname()[1]}/", entrez_timeout_s=0.2, entrez_budget_s=0)
        with pytest.raises(TransientError, match="the reply was not complete after 1 s"):
            efetch(client, [1])


def test_long_waits_for_a_reply_and_for_the_pace_are_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each once, with what is waited for; a reply that comes in time is no news."""
    for module in ("client", "opener"):
        monkeypatch.setattr(f"flows.entrez.{module}.SILENT_WAIT_S", 0.4)
    with scripted_server(lambda _asked, number: Answer(GOOD, drip_s=0.0 if number else 0.002)) as (base_url, _):
        client = client_of(base_url)
        efetch(client, [1])
        efetch(client, [2])
        assert caplog.messages == ["Entrez has not answered for 0.4 s; it is given 2 s."]
        caplog.clear()
        paced = client_of(base_url, entrez_rate=0.5)
        for pmid in (1, 2):
            efetch(paced, [pmid])
        paced.pace.unlink()
    (said,) = caplog.messages
    assert said.startswith("At most 0.5 requests/s go out from this machine; asking again in 2 s, at ")
