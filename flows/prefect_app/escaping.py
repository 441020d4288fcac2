"""Text of others in Markdown: titles, searches, file names and reasons, shown as they are.

Prefect puts this folder on the path of a flow run: a module called like a package, such as markdown, would hide it.
"""

import re

# Characters that are markup in Markdown or HTML, and those that GitHub's Markdown turns into links.
MARKUP = re.compile(
    r"[\\`*\[\]<>&|~$@{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE
)

# Beginnings of headings and list items.
BEGINNING = re.compile(r"^(?=(?:#{1,6}|[-+])\s)|^(\d+)(?=[.)]\s)")


def escape(text: str) -> str:
    """A text on one line, in which nothing is markup and no control character is left."""
    escaped = MARKUP.sub(r"\\\g<0>", on_one_line(text))
    return BEGINNING.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", escaped)


def on_one_line(text: str) -> str:
    """A text without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
