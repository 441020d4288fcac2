"""Single values: the text of an element, dates, identifiers."""

import re
import unicodedata
from datetime import date

from lxml import etree

LINE_BREAKS = re.compile(r"\s*\n\s*")
LETTERS = re.compile(r"[^\W_]+")
# Whatever names ORCID before it, hyphens of any kind or blanks within, and a full stop or slash behind it.
_HYPHEN = r"[-\s\u2010-\u2015\u2212]?"
ORCID = re.compile(
    rf"(?:[^0-9]*\borcid\b[^0-9]*)?([0-9]{{4}}){_HYPHEN}([0-9]{{4}}){_HYPHEN}([0-9]{{4}}){_HYPHEN}([0-9]{{3}}[0-9X])[/.;,]?",
    re.IGNORECASE,
)
MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


def text_of(element: etree._Element) -> str:
    """All text of an element, that of its markup and MathML included.

    Blanks stay as NLM has them; a line break, which only pretty-printing puts there, becomes a blank, and the ends are
    trimmed. '' for an empty element.
    """
    # Titles hold <i> and <sub>; .text stops at the first tag.
    text = element.text or "" if len(element) == 0 else "".join(map(str, element.itertext()))
    if "\n" in text:
        text = LINE_BREAKS.sub(" ", text)
    return text.strip()


def normal_text(text: str) -> str:
    """The letters and digits of a text, without case: what two ways to typeset one title have in common."""
    return "".join(LETTERS.findall(unicodedata.normalize("NFC", text).lower()))


def yes_no(value: str) -> bool:
    """An attribute of Y or N.

    Raises:
        ValueError: Anything else.
    """
    if value not in ("Y", "N"):
        raise ValueError(f"{value!r} is neither Y nor N")
    return value == "Y"


def to_date(year: str | None, month: str | None, day: str | None) -> date | None:
    """A date, where all three parts are given and make one; months as 08, 8 or Aug."""
    if not (year and month and day):
        return None
    number = MONTHS.get(month[:3].lower()) if month.isalpha() else int(month) if month.isdecimal() else None
    if number is None or not (year.isdecimal() and day.isdecimal()):
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def first_year(year: str | None, medline_date: str | None) -> int | None:
    """The year of a PubDate: its own, or the first four digits of its MedlineDate; None if neither has one."""
    if year and re.fullmatch(r"[1-9][0-9]{3}", year):
        return int(year)
    found = re.search(r"\b[1-9][0-9]{3}\b", medline_date or "")
    return int(found[0]) if found else None


def normal_orcid(identifier: str) -> str | None:
    """An ORCID as 0000-0002-1825-0097, from whatever is around it; None if its check digit is wrong."""
    found = ORCID.fullmatch(identifier.strip())
    if found is None:
        return None
    digits = "".join(found.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return "-".join(found.groups()).upper() if digits[-1] == ("X" if check == 10 else str(check)) else None


def to_pmid(text: str) -> int | None:
    """A PMID as a number; None for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) <= 18 and int(text) > 0 else None
