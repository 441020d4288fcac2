"""The PubMed DTD that Biopython installs: the paths of its records, and records made from its content models."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import Bio.Entrez
from lxml import etree

DTD_FILE = Path(Bio.Entrez.__file__).parent / "DTDs" / "pubmed_250101.dtd"
RECORDS = ("PubmedArticle", "PubmedBookArticle")
MARKUP = ("b", "i", "u", "sub", "sup", "DispFormula")

# An element that can contain itself: the outermost stands for all.
NESTED = ("ReferenceList", "Section")


def read_dtd() -> dict[str, Any]:
    """The declaration of each element that is not MathML's, by name."""
    declared: Any = etree.DTD(str(DTD_FILE))  # lxml's stubs do not know what a DTD can be asked
    return {e.name: e for e in declared.iterelements() if not e.prefix}


def names_in(content: Any) -> list[str]:
    """The elements that a content model names, MathML's `math` among them."""
    if content is None:
        return []
    if content.type == "element":
        return [content.name]
    return names_in(content.left) + names_in(content.right)


def holds_text(element: Any) -> bool:
    """Whether there can be text in an element: #PCDATA, alone or mixed with markup."""
    return str(element.type) == "mixed"


def record_paths(dtd: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every path below a record's element, with the declaration of its last element; nested ones once, markup not."""
    seen = set()
    waiting = [("", name) for record in RECORDS for name in names_in(dtd[record].content)]
    while waiting:
        around, name = waiting.pop()
        path = f"{around}/{name}".lstrip("/")
        if path in seen:
            continue
        seen.add(path)
        yield path, dtd[name]
        if not holds_text(dtd[name]):
            inner = dict.fromkeys(names_in(dtd[name].content))
            waiting += [(path, child) for child in inner if not (child in NESTED and child == name)]


@dataclass
class RecordMaker:
    """Makes records from the content models.

    Attributes:
        dtd: Declarations by name.
        seed: What the choices are made from.
        optional: How likely an optional element or attribute is.
        most: How often a repeated element occurs at most.
        values: Texts made so far; no two are the same.
        paths: Paths of the elements and attributes made so far.
    """

    dtd: dict[str, Any]
    seed: int
    optional: float = 0.5
    most: int = 3
    values: int = 0
    paths: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin to choose."""
        self.choose = random.Random(self.seed)

    def record(self, pmid: int) -> str:
        """A record; its PMID is the given one."""
        made = self.element(self.choose.choice(RECORDS), "", depth=0)
        start = made.index(">", made.index("<PMID")) + 1
        return made[:start] + str(pmid) + made[made.index("<", start) :]

    def element(self, name: str, around: str, *, depth: int) -> str:
        """An element with its attributes and all that is in it."""
        path = f"{around}/{name}".strip("/") if name not in RECORDS else ""
        self.paths.add(path)
        declared = self.dtd[name]
        attributes = "".join(self.attribute(a, path) for a in declared.iterattributes())
        if name == "PMID":
            content = str(self.choose.randint(1, 99_999_999))
        elif holds_text(declared):
            content = self.text(names_in(declared.content))
        else:
            content = "".join(
                self.element(child, around if child == name else path, depth=depth + 1)
                for child in self.children(declared.content, depth)
            )
        return f"<{name}{attributes}>{content}</{name}>{self.choose.choice(['', ' ', chr(10) + '   '])}"

    def attribute(self, declared: Any, path: str) -> str:
        """An attribute, or nothing if it is not required."""
        if declared.name == "xmlns" or (declared.default != "required" and self.choose.random() > self.optional):
            return ""
        self.paths.add(f"{path}/@{declared.name}")
        choices = list(declared.itervalues())
        if declared.name == "Version":
            value = str(self.choose.randint(1, 9))
        elif choices:
            value = self.choose.choice(choices)
        else:
            value = declared.default_value if declared.default == "fixed" else self.value()
        return f" {declared.name}={quoteattr(value)}"

    def children(self, content: Any, depth: int) -> list[str]:
        """Names of the elements that a content model is filled with."""
        if content is None:
            return []
        few = content.occur in ("once", "plus")
        if not few and (depth > 9 or self.choose.random() > self.optional):
            return []
        times = self.choose.randint(1, self.most) if content.occur in ("mult", "plus") else 1
        made: list[str] = []
        for _ in range(times):
            if content.type == "element":
                made.append(content.name)
            elif content.type == "or":
                made += self.children(self.choose.choice((content.left, content.right)), depth)
            else:
                made += self.children(content.left, depth) + self.children(content.right, depth)
        return made

    def text(self, markup: list[str]) -> str:
        """Text, with markup and MathML in it where the element allows them."""
        pieces = [escape(self.value())]
        for _ in range(self.choose.randint(0, 3) if markup else 0):
            tag = self.choose.choice(markup)
            if tag in ("math", "DispFormula"):
                inner = f"<mml:mi>{escape(self.value())}</mml:mi>\n <mml:mo>=</mml:mo>"
                inner = f'<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">{inner}</mml:math>'
                pieces.append(f"<DispFormula>{inner}</DispFormula>" if tag == "DispFormula" else inner)
            else:
                pieces.append(f"<{tag}>{escape(self.value())}</{tag}>")
            pieces.append(self.choose.choice(["", " ", "\n  ", escape(self.value())]))
        if markup and self.choose.random() < 0.3:
            del pieces[0]
        return "".join(pieces)

    def value(self) -> str:
        """A text that contains no other, with whitespace and signs that have to survive."""
        self.values += 1
        middle = self.choose.choice(["", " & ", " < 0.05 ", " β₂", "\u00a0", "é", "日本", ". ", '"', "'"])
        return f"v{self.values}{middle}v"
