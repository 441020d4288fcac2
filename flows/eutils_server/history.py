"""The history server: sets of PMIDs by WebEnv and query key; EPost, which puts some there."""

import secrets
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.responses import Response

from flows.eutils_server.protocol import (
    HIGHEST_ID,
    LIMIT,
    Parameters,
    UtilityError,
    document,
    json_reply,
    split_ids,
    tag,
    xml_reply,
)
from transforms.values import to_pmid

# NCBI forgets a WebEnv after some hours; here the least recently used one goes if there are more than this, or more
# PMIDs in all of them (8 bytes each).
KEPT, KEPT_PMIDS = 500, 50_000_000


@dataclass
class History:
    """Sets of PMIDs.

    Attributes:
        environments: Sets by query key, by WebEnv; the one used last is at the end.
    """

    environments: "OrderedDict[str, dict[int, array[int]]]" = field(default_factory=OrderedDict)

    def keep(self, web_env: str, pmids: Iterable[int]) -> tuple[str, int]:
        """Keep a set, in the client's WebEnv, or in a new one if that is missing.

        Returns:
            Its WebEnv and query key.
        """
        if web_env not in self.environments:
            web_env = f"MCID_{secrets.token_hex(12)}"
        sets = self.environments.setdefault(web_env, {})
        key = max(sets, default=0) + 1
        sets[key] = array("q", pmids)
        self.environments.move_to_end(web_env)
        while len(self.environments) > KEPT or (len(self.environments) > 1 and self.pmid_count() > KEPT_PMIDS):
            self.environments.popitem(last=False)
        return web_env, key

    def pmid_count(self) -> int:
        """PMIDs in all sets."""
        return sum(len(pmids) for sets in self.environments.values() for pmids in sets.values())

    def forget(self, web_env: str) -> None:
        """Forget a WebEnv with all its sets."""
        self.environments.pop(web_env, None)

    def sets(self, web_env: str) -> "dict[int, array[int]]":
        """The sets of a WebEnv; none if it is not there."""
        return self.environments.get(web_env, {})

    def find(self, parameters: Parameters) -> "array[int] | None":
        """The set that WebEnv and query_key name; None if the request names none.

        Raises:
            UtilityError: There is no such set.
        """
        web_env, key = parameters.get("WebEnv"), parameters.get("query_key")
        if not (web_env and key):
            return None
        sets = self.sets(web_env)
        if not key.isdecimal() or int(key) not in sets:
            raise UtilityError(200, f"Unable to obtain query #{key}")
        return sets[int(key)]


def epost(history: History, parameters: Parameters) -> Response:
    """Put PMIDs into the history, known or not, as NCBI does; ids that are not PMIDs are named.

    Raises:
        UtilityError: No PMID is given, or more than 10,000.
    """
    texts = split_ids(parameters)
    ids = list(dict.fromkeys(pmid for text in texts if (pmid := to_pmid(text))))
    if not ids:
        words = ["Empty ID list; Nothing to store"]
        if texts:
            words.append(f"Some IDs have invalid value and were omitted. Maximum ID value {HIGHEST_ID}")
        raise UtilityError(400, *words)
    if len(ids) > LIMIT:
        raise UtilityError(400, f"Too many UIDs in request. Maximum number of UIDs is {LIMIT}.")
    web_env, key = history.keep(parameters.get("WebEnv") or "", ids)
    if parameters.get("retmode") == "json":
        return json_reply("epost", {"epostresult": {"querykey": str(key), "webenv": web_env}})
    invalid = [text for text in texts if not to_pmid(text)]
    listed = f"\n\t<InvalidIdList>{''.join(tag('Id', text) for text in invalid)}</InvalidIdList>" if invalid else ""
    return xml_reply(document("epost", f"{listed}\n\t{tag('QueryKey', key)}\n\t{tag('WebEnv', web_env)}\n"))
