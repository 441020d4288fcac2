"""A client of a server on loopback, for the tests of this folder."""

from typing import Any

from flows.definition.settings import Settings
from flows.entrez.client import EntrezClient, connect


def client_of(base_url: str, **settings: Any) -> EntrezClient:
    """A client of a server on loopback."""
    values: dict[str, Any] = {"entrez_budget_s": 20, "entrez_timeout_s": 2, "ncbi_api_key": "a key"} | settings
    return connect(Settings(entrez=base_url, **values), base_url)
