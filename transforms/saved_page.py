"""An article's page of PubMed's that a browser saved as HTML, as the text that the reader of seed pages takes."""

import re
from collections.abc import Iterator

from lxml import etree, html

from transforms.seed_phrases import listed
from transforms.values import to_pmid

BLOCKS = listed("""
address; article; aside; blockquote; br; button; dd; div; dl; dt; fieldset; figure; h1; h2; h3; h4; h5; h6; header; hr;
li; main; ol; p; section; table; td; th; tr; ul
""")
HIDDEN = listed("script; style; svg; template; noscript; head; nav; aside; footer; form")
# What the page has besides what it shows: menus of buttons, and the short form of what stands before it.
HIDDEN_CLASS = re.compile(
    r"dropdown-container|\bshort-(?:authors|journal-citation|view)|tooltip|usa-banner|actions-buttons"
)
OWN_PMID = re.compile(r"<meta[^>]*\bname=[\"'](?:citation_pmid|uid|ncbi_uidlist)[\"'][^>]*>", re.IGNORECASE)
CONTENT = re.compile(r"\bcontent=[\"']\s*([0-9]+)\s*[\"']", re.IGNORECASE)
LINKED_PMID = re.compile(
    r"(?:file:/*|https?://(?:pubmed\.|www\.)?ncbi\.nlm\.nih\.gov/(?:pubmed/)?|/)([1-9][0-9]{0,8})/?(?:[?#].*)?"
)


def article_text(page: str) -> str | None:
    """The text of a saved page of an article, a line for each block; None for a list of results.

    The page's own PMID comes first; its title is marked as Markdown does; references have the PMIDs that they link to.
    """
    own = {found[1] for tag in OWN_PMID.findall(page) if (found := CONTENT.search(tag))}
    if len(own) != 1 or to_pmid(*own) is None or "docsum-content" in page.split("<h1", 1)[0]:
        return None
    try:
        document = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", page))
    except (etree.ParserError, ValueError):
        return None
    body = document.find("body")
    text = "".join(pieces(document if body is None else body))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return f"PMID: {next(iter(own))}\n" + "\n".join(lines)


def pieces(element: etree._Element) -> Iterator[str]:
    """The text of an element in pieces, with line breaks around blocks."""
    tag = element.tag if isinstance(element.tag, str) else "script"
    shown = f"{element.get('class') or ''} {element.get('id') or ''}"
    is_hidden = tag in HIDDEN or HIDDEN_CLASS.search(shown) or "display: none" in (element.get("style") or "")
    if not is_hidden:
        link = LINKED_PMID.fullmatch(element.get("href") or "") if tag == "a" else None
        if link and "reference-link" in shown:
            yield f"https://pubmed.ncbi.nlm.nih.gov/{link[1]}/"
        else:
            yield from ("\n" if tag in BLOCKS else "", {"h1": "# ", "li": "\n\u2022 "}.get(tag, ""))
            # A line break of the source is a blank.
            yield (element.text or "").replace("\n", " ")
            for child in element:
                yield from pieces(child)
                yield (child.tail or "").replace("\n", " ")
            yield "\n" if tag in BLOCKS else ""
