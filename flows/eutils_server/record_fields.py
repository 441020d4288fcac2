"""What summaries and text formats ask of a record's XML."""

import re
import unicodedata
from datetime import date

from lxml import etree

from transforms.values import MONTH_OR_DAY, MONTHS, YEAR, plain_text, text_of

Element = etree._Element
WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case and without diacritics; in order, repeated or not."""
    text = plain_text(text).lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return WORD.findall(text)


def is_of_reference(article_id: Element) -> bool:
    """Whether an ArticleId is that of a paper that the record cites, and not its own."""
    parent = article_id.getparent()
    grandparent = None if parent is None else parent.getparent()
    return grandparent is not None and grandparent.tag == "Reference"


def day_of(element: Element) -> int | None:
    """The day of an element with Year, Month and Day, or MedlineDate; missing parts are the first. None without year.

    Of `1998 Apr 15-30` it is the fifteenth.
    """
    parts = [element.findtext(name) or "" for name in ("Year", "Month", "Day")]
    if not parts[0]:
        found = re.match(r"[^0-9]*([0-9]{4})(?:[^0-9]*?\b([A-Z][a-z]{2})[a-z]*(?:\s+([0-9]{1,2}))?)?", text_of(element))
        parts = [part or "" for part in found.groups()] if found else parts
    year, month, day = parts
    if not YEAR.fullmatch(year):
        return None
    number = int(month) if MONTH_OR_DAY.fullmatch(month) else MONTHS.get(month[:3].lower(), 1)
    try:
        when = date(int(year), number, int(day) if MONTH_OR_DAY.fullmatch(day) else 1)
    except ValueError:
        when = date(int(year), 1, 1)
    return when.year * 10_000 + when.month * 100 + when.day
