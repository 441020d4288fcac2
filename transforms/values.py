"""Single values: the text of an element, dates, identifiers, what is a PMID and what is not."""

import re
import unicodedata
from contextlib import suppress
from datetime import date
from urllib.parse import unquote

from lxml import etree

# What a PMID looks like: up to nine digits, and any number of zeros before them, as NCBI reads `0000001`.
PMID = r"0*([1-9][0-9]{0,8})"
PMID_ALONE = re.compile(PMID)
VERSION = re.compile(r"0*([1-9][0-9]{0,4})")
HIGHEST_VERSION = 32_767
YEAR = re.compile(r"[1-9][0-9]{3}")
MONTH_OR_DAY = re.compile(r"0?[1-9]|[1-3][0-9]")

REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(amp|lt|gt|quot|apos));")
# `&amp;` last: what it makes is no other reference.
NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}

LINE_BREAKS = re.compile(r"\s*\n\s*")
LETTERS = re.compile(r"[^\W_]+")
# An ORCID with any label before it, hyphens of any kind or blanks within, and a full stop or slash behind it.
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

PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi *[: ] *|info:doi/|urn:doi:)*(10\.[0-9]{1,9}(?:\.[0-9]+)*/.+)"
)

# Entities that remain in a text that was escaped twice.
ESCAPED = re.compile(r"&(#[0-9xX]|[A-Za-z]+;)")
NUMBERED = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
TAG_OF_TYPE = re.compile(r"(?:&lt;|<)/?(?:b|i|u|em|strong|sub|sup)/?(?:&gt;|>)")
ACCENTED = re.compile(r"&([A-Za-z])(?:acute|grave|circ|uml|tilde|cedil|ring|caron|slash);")
GREEK = re.compile(
    r"&([Aa]lpha|[Bb]eta|[Gg]amma|[Dd]elta|[Ee]psilon|[Zz]eta|[Ee]ta|[Tt]heta|[Ii]ota|[Kk]appa|[Ll]ambda|[Mm]u|[Nn]u"
    r"|[Xx]i|[Oo]micron|[Pp]i|[Rr]ho|[Ss]igma|[Tt]au|[Uu]psilon|[Pp]hi|[Cc]hi|[Pp]si|[Oo]mega);"
)
SIGN = re.compile(
    r"&(?:lt|gt|quot|apos|nbsp|ensp|emsp|thinsp|ndash|mdash|lsquo|rsquo|ldquo|rdquo|sbquo|bdquo|laquo|raquo|hellip"
    r"|bull|middot|times|divide|plusmn|minus|deg|le|ge|ne|asymp|prime|trade|reg|copy|para|sect|shy);"
)


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


def resolve_references(text: str) -> str:
    """A text of well-formed XML, its references resolved: `&#x96;` is U+0096, not the dash that HTML makes of it."""
    return REFERENCE.sub(character_of, text) if "&" in text else text


def character_of(reference: re.Match[str]) -> str:
    """What a reference stands for."""
    if reference[3]:
        return NAMED[reference[3]]
    return chr(int(reference[1], 16) if reference[1] else int(reference[2]))


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
    """A date, where all three parts are given and make one; years of four digits, months as 08, 8 or Aug."""
    if not (year and month and day and YEAR.fullmatch(year) and MONTH_OR_DAY.fullmatch(day)):
        return None
    number = MONTHS.get(month[:3].lower()) if month.isalpha() else int(month) if MONTH_OR_DAY.fullmatch(month) else None
    if number is None:
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def first_year(year: str | None, medline_date: str | None) -> int | None:
    """The year of a PubDate: its own, or the first four digits of its MedlineDate; None if neither has one."""
    if year and YEAR.fullmatch(year):
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
    """The PMID that a text is, from 1 to 999,999,999, with blanks around it or zeros before it; None if it is none.

    Everything that takes a PMID from outside asks here: records, deletions, links, seeds, forms and the server.
    """
    found = PMID_ALONE.fullmatch(text.strip())
    return int(found[1]) if found else None


def to_version(text: str) -> int | None:
    """The version of a PMID, from 1 to 32,767; None if it is none."""
    found = VERSION.fullmatch(text.strip())
    return int(found[1]) if found and int(found[1]) <= HIGHEST_VERSION else None


def normal_doi(text: str) -> str | None:
    """A DOI in one form, as macro `normal_doi` of the corpus: without prefix, decoded, lower-case; None if none."""
    if PERCENT.search(text):
        with suppress(UnicodeDecodeError):
            text = unquote(unquote(text, errors="strict"), errors="strict")
    for escaped, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, meant)
    found = DOI.fullmatch(text.strip(" ").lower().rstrip(" .,;"))
    return found[1] if found else None


def plain_text(text: str) -> str:
    """A text that was escaped twice as it was meant, as the macro `search_plain` of the corpus, for searches alone."""
    if "&" not in text or not ESCAPED.search(text):
        return text
    plain = NUMBERED.sub(numbered, re.sub("&(?:amp;)+", "&", text))
    plain = GREEK.sub(r"\1", ACCENTED.sub(r"\1", TAG_OF_TYPE.sub("", plain)))
    return SIGN.sub(" ", plain)


def numbered(reference: re.Match[str]) -> str:
    """The character that a number stands for; a blank if it is none."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return " " if 0xD800 <= number < 0xE000 or number > 0x10FFFF else chr(number)


# Separators of PMIDs in lists, tables, citations and code; a minus or a point would make another number.
PMID_SEPARATORS = re.compile(
    r"""https?://(?:www\.)?(?:pubmed\.)?ncbi\.nlm\.nih\.gov/(?:pubmed/)?|\bPMIDs?\b\s*:?|[,;|/()\[\]{}<>"'`\uff0c\uff1b\u3001]""",
    re.IGNORECASE,
)


def split_pmids(line: str) -> list[int]:
    """The PMIDs of a line that separates them by blanks or marks; `PMID:` and an address before one do not matter.

    Raises:
        ValueError: Something in it is not a PMID; it is the error's text.
    """
    pmids = []
    for entry in PMID_SEPARATORS.sub(" ", line).split():
        pmid = to_pmid(entry)
        if pmid is None:
            raise ValueError(entry)
        pmids.append(pmid)
    return pmids
