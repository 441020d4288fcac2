"""What a search looks for in texts, as conditions in SQL that fold a text only if they have to."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from warehouse.current import literal
from warehouse.sql_files import read_statement

# Between two words, and a letter or digit, of a text of `PLAIN`. Naming Unicode's letters in each expression would make
# automata of thousands of states; RE2 gives up on several of them, and takes thirty times as long.
APART = r"[\x00-/:-@\[-`{-\x7F]"
LETTER = r"[^\x00-/:-@\[-`{-\x7F]"
# A text folded, in which all that is neither letter nor digit is ASCII.
FOLDED = r"regexp_replace(search_fold(text), '[^\x00-\x7F\p{L}\p{N}]+', ' ', 'g')"
PLAIN = f"CASE WHEN strlen(text) = length(text) AND NOT contains(text, '&') THEN lower(text) ELSE {FOLDED} END"
# Whether a text has a match of an expression. One that matches as it stands does so folded; most texts are ASCII, of
# which folding would change capitals alone. Folding is written once: DuckDB would do it as often as it is written.
MATCHES = f"""CASE {{0}}WHEN NOT contains(text, '&') AND regexp_matches(text, {{1}}, 'i') THEN true
WHEN NOT contains(text, '&') AND strlen(text) = length(text) THEN false
ELSE regexp_matches({FOLDED.replace("{", "{{").replace("}", "}}")}, {{1}}) END"""
# Whether it has none that a look at its letters tells: of a text without letters beyond ASCII, folding changes no word.
# RE2 runs through a text to the first letters of an expression; before the beginning of a word it reads each.
LACKS = r"""WHEN NOT contains(text, '&') AND NOT regexp_matches(text, {}, 'i')
AND (strlen(text) = length(text) OR NOT regexp_matches(text, '[^\x00-\x7F\P{{L}}]|[^\x00-\x7F\P{{M}}]')) THEN false
"""


@dataclass(frozen=True)
class Sought:
    """What is looked for in texts of some fields; none is all of them.

    Attributes:
        patterns: The regular expressions of phrases, as they follow on the beginning of a word.
        usual: How they mostly stand in a text, if most texts that are read have them.
        near: Conditions on `words`.
    """

    fields: tuple[str, ...]
    patterns: tuple[str, ...]
    usual: tuple[str, ...]
    near: tuple[str, ...]

    def write(self, *, is_alone: bool) -> str:
        """The condition on a text; alone, on one that need not be folded."""
        tests = [*self.near]
        pattern = literal(f"(^|{APART})({'|'.join(self.patterns)})")
        if self.patterns and is_alone:
            first = "".join(f"WHEN contains(text, {literal(words)}) THEN true " for words in self.usual)
            if len(self.patterns) == 1 and self.patterns[0].isascii():
                first += LACKS.format(literal(self.patterns[0].replace(APART, "[^0-9A-Za-z]")))
            tests.append(MATCHES.format(first, pattern))
        elif self.patterns:
            tests.append(f"regexp_matches(plain, {pattern})")
        return " OR ".join(tests)


def texts_of(fields: Collection[str]) -> str:
    """The rows of view search_text that have one of some fields; none is all of them.

    DuckDB takes longer to plan a query of the view, which is of all tables with a text, than to read two of them.
    """
    if not fields:
        return "search_text"
    parts = read_statement("create_search_text").partition(" AS\n")[2].rstrip(";\n").split("UNION ALL\n")
    named = ((part, re.match(r"SELECT pmid, '(\w+)'", part)) for part in parts)
    return (
        f"({'UNION ALL '.join(part for part, name in named if name and name[1] in fields)}) AS texts(pmid, field, text)"
    )
