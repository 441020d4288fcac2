"""The language of `--faults`: which faults, of which utilities' requests, how often.

    429:5                        the first five requests of any utility
    500@efetch:10%               a tenth of the EFetch requests, by a generator of random numbers with a fixed seed
    stall=30@elink+efetch:/4     every fourth ELink or EFetch request, for 30 seconds
    cut=0.3@esearch:2-3; reset:1%; seed=7

A fault is `kind [=value] [@utility+utility...] [:when]`; faults are separated by `;` or line ends, and of several that
strike the same request the first one counts. `when` is N, the first N requests; N-M, those with these numbers, from 1;
/N, every Nth; P%, a share of them; all if it is missing. Counted are the requests that a fault is for and that no
fault before it has struck.
"""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from warehouse.errors import UsageError

# The utilities, and what is asked of a folder that is served as NLM's (nlm_tree.py).
FILES = ("listing", "file", "md5")
UTILITIES = ("einfo", "esearch", "epost", "esummary", "efetch", "elink", "ecitmatch", *FILES)

# What each kind does, and what its value is; those whose value is a number have the least and the default one.
KINDS = {
    "429": "refused for being too fast; value: seconds of Retry-After, which NCBI leaves out as a rule",
    "retry-after": "refused for being too fast, with Retry-After; value: its seconds (3600)",
    "429-in-200": "the same body with status 200",
    "500": "NCBI's HTML page of an internal error",
    "502": "an HTML page of a proxy: bad gateway",
    "503": "an HTML page of a proxy: service unavailable",
    "stall": "nothing is answered for so many seconds (60), and the reply then comes",
    "reset": "the connection is reset without an answer",
    "cut": "the body ends early, though HTTP says that it is whole; value: the share that comes (0.5)",
    "break": "the connection is closed within the body; value: the share that comes (0.5)",
    "slow": "the body drips; value: bytes a second (20)",
    "error": "an ERROR in status 200; value: its words, else what NCBI says of the utility when it is out of order",
    "timeout-400": "status 400 with `External viewer error: Empty Response`, which passes",
    "dead-webenv": "the WebEnv that a request names is forgotten, with all its sets",
    "empty": "an empty set, as though nothing were known or found",
    "leave-out": "records are missing from an EFetch reply; value: how many (1)",
    "wrong-type": "the body has another Content-Type; value: which (text/html)",
    "gzip": "the body is packed unasked; value: gzip, deflate, or damaged: gzip that breaks off (gzip)",
    "bad-key": "status 400 with `API key invalid`; requests without an API key are spared",
    "merged": "EFetch sends another record for one that is asked for, without a word; value: for how many (1)",
    "ignored-phrase": "ESearch says that it has ignored a phrase; value: which (the last word of the term)",
    "half": "a listing names only some of NLM's files; value: the share of them (0.5)",
    "wrong-md5": "the .md5 beside a file names another sum",
    "replaced": "a file breaks off, and is another one with the same bytes afterwards; value: the share sent (0.5)",
}
NUMBERS = {
    "429": 0.0,
    "stall": 60.0,
    "cut": 0.5,
    "break": 0.5,
    "slow": 20.0,
    "leave-out": 1.0,
    "merged": 1.0,
    "retry-after": 3600.0,
    "half": 0.5,
    "replaced": 0.5,
}
SHARES = ("cut", "break", "half", "replaced")
CHOICES = {"gzip": ("gzip", "deflate", "damaged")}
ONLY_FOR = {
    "leave-out": frozenset({"efetch"}),
    "merged": frozenset({"efetch"}),
    "ignored-phrase": frozenset({"esearch"}),
    "half": frozenset({"listing"}),
    "wrong-md5": frozenset({"md5"}),
    "replaced": frozenset({"file"}),
    "empty": frozenset({"efetch", "esearch", "elink", "esummary"}),
    "error": frozenset({"efetch", "esearch", "elink", "esummary", "epost"}),
}
# The parameter without which a request is spared.
NEEDED = {"dead-webenv": "WebEnv", "bad-key": "api_key"}

WHEN = r"(?P<first>\d+)(?:-(?P<last>\d+))?|/(?P<every>[1-9]\d*)|(?P<percent>\d+(?:\.\d+)?)%"
FAULT = re.compile(
    rf"(?P<kind>[0-9a-z-]+)(?:=(?P<value>.*?))?(?:@(?P<utilities>[a-z0-9+]+))?(?::(?:{WHEN}))?", re.DOTALL
)


@dataclass
class Fault:
    """A fault, and how often it has struck.

    Attributes:
        text: As it stands in the language.
        kind: One of KINDS.
        value: Its value, or the default; '' for none.
        utilities: Whose requests it is for.
        first, last: Numbers of the requests that it strikes, of those it is for; `last` None is without end.
        every: It strikes every so many.
        share: It strikes such a share, 0 to 1.
        seen: Requests that it was for.
        struck: Requests that it struck.
    """

    text: str
    kind: str
    value: str
    utilities: frozenset[str]
    first: int = 1
    last: int | None = None
    every: int = 1
    share: float = 1.0
    seen: int = 0
    struck: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def number(self) -> float:
        """Its value, of a kind that has a number."""
        return float(self.value)

    def strikes(self, utility: str, given: Iterable[str] = ()) -> bool:
        """Whether it strikes the next request, which is counted if the fault is for it.

        Args:
            utility: The request's.
            given: The names of its parameters that have a value.
        """
        if utility not in self.utilities or NEEDED.get(self.kind, "") not in (*given, ""):
            return False
        self.seen += 1
        is_struck = self.first <= self.seen and (self.last is None or self.seen <= self.last)
        is_struck = is_struck and self.seen % self.every == 0 and self.dice.random() < self.share
        self.struck += is_struck
        return is_struck


def parse_faults(spec: str) -> list[Fault]:
    """The faults of a text in the language above.

    Raises:
        UsageError: A part of it makes no sense.
    """
    faults, seed = [], 0
    parts = [part.strip() for part in re.split(r"[;\n]", spec)]
    for part in filter(None, parts):
        if part.startswith("seed="):
            if not part[5:].isdecimal():
                raise UsageError(f"Fault {part!r}: the seed is a number.")
            seed = int(part[5:])
        else:
            faults.append(parse_fault(part))
    for position, fault in enumerate(faults):
        # Each has its own random numbers, so another fault does not shift them.
        fault.dice.seed(f"{seed} {position}")
    return faults


def parse_fault(text: str) -> Fault:
    """One fault.

    Raises:
        UsageError: It makes no sense.
    """
    found = FAULT.fullmatch(text)
    if found is None:
        raise UsageError(
            f"Fault {text!r} is not of the form kind=value@utility+utility:when, with when as N, N-M, /N or P%."
        )
    kind = found["kind"]
    if kind not in KINDS:
        raise UsageError(f"Fault {text!r}: there is no kind {kind!r}; take one of {', '.join(KINDS)}.")
    utilities = frozenset((found["utilities"] or "").split("+")) if found["utilities"] else frozenset(UTILITIES)
    if unknown := utilities - set(UTILITIES):
        raise UsageError(f"Fault {text!r}: there is no utility {min(unknown)!r}; take one of {', '.join(UTILITIES)}.")
    utilities &= ONLY_FOR.get(kind, utilities)
    if not utilities:
        raise UsageError(f"Fault {text!r}: {kind} is for {', '.join(sorted(ONLY_FOR[kind]))} only.")
    fault = Fault(text, kind, read_value(text, kind, found["value"]), utilities)
    if found["first"]:
        fault.first = int(found["first"]) if found["last"] else 1
        fault.last = int(found["last"] or found["first"])
    fault.every = int(found["every"] or 1)
    fault.share = float(found["percent"] or 100) / 100
    return fault


def read_value(text: str, kind: str, value: str | None) -> str:
    """A fault's value, or the default.

    Raises:
        UsageError: It is not a number although one is wanted, too large a share, or none of the kind's.
    """
    if kind in CHOICES and (value or CHOICES[kind][0]) not in CHOICES[kind]:
        raise UsageError(f"Fault {text!r}: the value of {kind} is one of {', '.join(CHOICES[kind])}.")
    if kind not in NUMBERS:
        return value or CHOICES.get(kind, ("",))[0]
    try:
        number = float(value) if value else NUMBERS[kind]
    except ValueError:
        raise UsageError(f"Fault {text!r}: the value of {kind} is a number: {KINDS[kind]}.") from None
    if not 0 <= number <= (1 if kind in SHARES else 1e9) or (kind == "slow" and number == 0):
        raise UsageError(f"Fault {text!r}: the value of {kind} is out of range: {KINDS[kind]}.")
    return str(number)


def choose_fault(faults: Sequence[Fault], utility: str, given: Iterable[str] = ()) -> Fault | None:
    """The first fault that strikes a request; None if it is spared. Arguments as for `Fault.strikes`."""
    return next((fault for fault in faults if fault.strikes(utility, given)), None)
