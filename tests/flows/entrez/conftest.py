"""What the tests of requests share."""

import pytest


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the waits between attempts short."""
    monkeypatch.setattr("flows.entrez.client.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("flows.entrez.client.REFUSED_PAUSE_S", 0.05)
    monkeypatch.setattr("flows.entrez.client.UNREACHABLE_BUDGET_S", 0.05)
