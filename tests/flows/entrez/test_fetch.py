"""Batches that fail in part, and PMIDs that come back as others."""

import json
from pathlib import Path

import pytest

from flows.entrez.fetch import fetch_batch, read_reply
from flows.entrez.merged import find_merged
from tests.flows.entrez.clients import client_of
from tests.records import article, article_set
from tests.scripted import Answer, Asked, scripted_server

GOOD = article_set(article(1))


@pytest.mark.usefixtures("quick")
def test_a_batch_that_fails_is_halved_until_the_culprit_stands_alone(tmp_path: Path) -> None:
    """The others are delivered."""

    def script(asked: Asked, _number: int) -> Answer:
        pmids = [int(pmid) for pmid in asked.parameters["id"].split(",")]
        return Answer(b"", 500) if 13 in pmids else Answer(article_set(*(article(pmid) for pmid in pmids)))

    with scripted_server(script) as (base_url, _):
        client = client_of(base_url, entrez_budget_s=0.2)
        delivery = fetch_batch(client, range(1, 33), tmp_path)
        delivered = [p for reply in delivery.replies for p in map(int, json.loads(reply.parameters)["id"].split(","))]
        assert sorted(delivered) == [p for p in range(1, 33) if p != 13]
        assert delivery.failed.keys() == {13}
        assert "HTTP 500" in delivery.failed[13]
        assert not client.down


@pytest.mark.usefixtures("quick")
def test_where_nothing_at_all_is_delivered_it_is_not_the_batch(tmp_path: Path) -> None:
    """After three halvings the rest is owed, and the batches that follow are not asked for."""
    with scripted_server(lambda _asked, _number: Answer(b"", 503)) as (base_url, asked):
        client = client_of(base_url, entrez_budget_s=0)
        delivery = fetch_batch(client, range(1, 101), tmp_path)
        assert delivery.failed.keys() == set(range(1, 101))
        assert len(asked) == 1 + 2 + 4 + 8
        assert fetch_batch(client, [200], tmp_path).failed == {200: client.down}
        assert len(asked) == 15
        assert client.down.startswith("Entrez delivers nothing: efetch: HTTP 503")


@pytest.mark.usefixtures("quick")
def test_what_comes_as_another_pmid_is_asked_for_alone(tmp_path: Path) -> None:
    """Only then is it certain which of them was merged."""
    merged = {13: 99}

    def script(asked: Asked, _number: int) -> Answer:
        pmids = [int(pmid) for pmid in asked.parameters["id"].split(",")]
        return Answer(article_set(*(article(merged.get(pmid, pmid)) for pmid in pmids if pmid != 7)))

    with scripted_server(script) as (base_url, _):
        delivery = fetch_batch(client_of(base_url), range(1, 21), tmp_path)
    alone = {
        reply.parameters: find_merged(reply.pmids, {r.pmid for c in read_reply(reply) for r in c.records if r.pmid})
        for reply in delivery.replies
    }
    assert [found for found in alone.values() if found] == [{13: 99}]
    assert delivery.failed == {}
