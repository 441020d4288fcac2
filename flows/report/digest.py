"""What there is to tell of some runs: retracted, under a concern, new; by title, and by the search that found it."""

import html
from dataclasses import dataclass
from itertools import groupby

from warehouse.query import open_published
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory

# Titles shown of one kind, or of one search.
MOST = 20

PUBMED = "https://pubmed.ncbi.nlm.nih.gov"
HEADINGS = {"retracted": "Retracted", "concern": "Under an expression of concern", "new": "New"}


@dataclass(frozen=True)
class Told:
    """A citation that there is something to tell of.

    Attributes:
        kind: retracted, concern or new.
        found_by: Of a new one, the searches and seeds that found it.
        pmid: Its PMID.
        title: Its title.
        journal: Its journal, as abbreviated.
        year: Its year.
        citing_count: Citations held that cite it, if it is retracted.
        of_count: How many of this kind and search there are, the ones left out included.
    """

    kind: str
    found_by: str
    pmid: int
    title: str | None
    journal: str | None
    year: int | None
    citing_count: int
    of_count: int

    @property
    def words(self) -> str:
        """Title, journal and year."""
        where = " ".join(str(part) for part in (self.journal, self.year) if part)
        cited = f" Cited by {self.citing_count:,} held." if self.citing_count else ""
        return f"{self.title or f'PMID {self.pmid}'} {where}{'.' if where else ''}{cited}".strip()


@dataclass(frozen=True)
class Digest:
    """What there is to tell.

    Attributes:
        told: Retracted ones first, then concerns, then new ones by what found them.
    """

    told: tuple[Told, ...] = ()

    @property
    def groups(self) -> list[tuple[str, list[Told]]]:
        """Citations of one kind and search under their heading, with how many there are."""
        found = []
        for (kind, found_by), part in groupby(self.told, key=lambda one: (one.kind, one.found_by)):
            rows = list(part)
            heading = f"{HEADINGS[kind]}{f', {found_by}' if found_by else ''} ({rows[0].of_count:,})"
            found.append((heading, rows))
        return found

    @property
    def subject(self) -> str:
        """How many of each kind, in a line; '' if there is nothing."""
        counts: dict[str, int] = {}
        for _, rows in self.groups:
            counts[rows[0].kind] = counts.get(rows[0].kind, 0) + rows[0].of_count
        names = {"retracted": "retracted", "concern": "under a concern", "new": "new"}
        return ", ".join(f"{count:,} {names[kind]}" for kind, count in counts.items())

    def alarms(self) -> "Digest":
        """Without what is merely new."""
        return Digest(tuple(one for one in self.told if one.kind != "new"))

    def as_text(self) -> str:
        """The titles with their addresses, for a message."""
        lines = []
        for heading, rows in self.groups:
            lines += [heading, *(f"- {one.words} {PUBMED}/{one.pmid}/" for one in rows), *left_out(rows), ""]
        return "\n".join(lines).strip()

    def as_html(self) -> str:
        """The titles with links, for a feed."""
        parts = []
        for heading, rows in self.groups:
            items = [f'<li><a href="{PUBMED}/{one.pmid}/">{html.escape(one.words)}</a></li>' for one in rows]
            items += [f"<li>{html.escape(text)}</li>" for text in left_out(rows)]
            parts.append(f"<h3>{html.escape(heading)}</h3><ul>{''.join(items)}</ul>")
        return "".join(parts)


def left_out(rows: list[Told]) -> list[str]:
    """How many more there are, if there are."""
    more = rows[0].of_count - len(rows)
    return [f"and {more:,} more"] if more else []


def read_digest(
    directory: DataDirectory, after_run_id: str | None, first_run_id: str, most: int = MOST
) -> tuple[str, Digest]:
    """What there is to tell of the runs after one or, if none was told of, from one on.

    Args:
        directory: The data directory.
        after_run_id: The last run that was told of, if any.
        first_run_id: The first to tell of otherwise.
        most: Titles of a kind and search that are named.
    Returns:
        The last run, '' if there is none, and what there is to tell.
    Raises:
        StoreError: There is no published file, or it cannot be read.
    """
    con = open_published(directory)
    try:
        runs = [run_id for (run_id,) in con.execute("SELECT run_id FROM run ORDER BY run_id").fetchall()]
        new = [run_id for run_id in runs if (run_id > after_run_id if after_run_id else run_id >= first_run_id)]
        if not new:
            return (runs[-1] if runs else ""), Digest()
        limits = {"first_run_id": new[0], "last_run_id": new[-1], "most": most}
        rows = con.execute(read_statement("select_digest"), limits).fetchall()
    finally:
        con.close()
    return new[-1], Digest(tuple(Told(*row) for row in rows))
