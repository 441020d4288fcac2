"""Text of others in an artifact is shown, never read as markup."""

import pytest

from flows.prefect_app.escaping import escape


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("[here](https://elsewhere.example)", r"\[here\](https\://elsewhere.example)"),
        ("www.elsewhere.example, a@b.example", r"www\.elsewhere.example, a\@b.example"),
        ("a | b\n| c |", r"a \| b \| c \|"),
        ("# Title\n\n> **bold** `code` &lt; \\", r"\# Title \> \*\*bold\*\* \`code\` \&lt; \\"),
        ("1. one", r"1\. one"),
        ("- one", r"\- one"),
        ("\x1b[31mred\u202e", r"\[31mred"),
        ("abstract_section.section_text, _x_, 0.4", r"abstract_section.section_text, \_x\_, 0.4"),
    ],
)
def test_markup_is_escaped(text: str, escaped: str) -> None:
    """A title or a search may hold anything."""
    assert escape(text) == escaped
