"""The worked example of `record_columns.py`, and the rules of a place for one value."""

import numpy as np
import pytest

from transforms.columns import NOTHING, TABLE_NUMBERS, Columns, place
from transforms.elements import find_elements
from transforms.record_columns import count_within, read_columns

KEYWORDS = '<Keyword MajorTopicYN="Y">ketamine</Keyword><Keyword>mood</Keyword>'
EXAMPLE = f'<PMID>7</PMID><KeywordList Owner="NOTNLM">{KEYWORDS}</KeywordList>'


def read(*citations: str, wanted: slice = slice(None)) -> Columns:
    """The columns of records with these elements in their MedlineCitation."""
    xml = "".join(f"<PubmedArticle><MedlineCitation>{c}</MedlineCitation></PubmedArticle>" for c in citations)
    elements = find_elements(xml.encode())
    assert elements is not None
    return read_columns(elements, elements.levels[0][wanted])


def values(columns: Columns, table: str, column: str) -> list[int]:
    """A column's numbers."""
    return columns.column(*place(table, column)).tolist()  # type: ignore[no-any-return]


def texts(columns: Columns, table: str, column: str) -> list[str | None]:
    """A column of text."""
    return [None if at == NOTHING else columns.text_at(at) for at in values(columns, table, column)]


def test_the_worked_example_is_what_the_module_says() -> None:
    """Each number of its docstring."""
    columns, keyword = read(EXAMPLE), TABLE_NUMBERS["keyword"]
    names = [columns.elements.name_of(element) for element in range(6)]
    assert names == ["PubmedArticle", "MedlineCitation", "PMID", "KeywordList", "Keyword", "Keyword"]
    assert columns.rows[keyword].tolist() == [4, 5]
    assert columns.record_of[keyword].tolist() == [0, 0]
    assert values(columns, "keyword", "keyword") == [12, 16]
    assert values(columns, "keyword", "is_major_topic") == [1, NOTHING]
    assert values(columns, "keyword", "keyword_list_owner") == [25, 25]
    assert values(columns, "keyword", "keyword_order") == [1, 2]
    assert values(columns, "keyword", "keyword_list_order") == [1, 1]
    assert texts(columns, "keyword", "keyword") == ["ketamine", "mood"]
    assert texts(columns, "keyword", "keyword_list_owner") == ["NOTNLM", "NOTNLM"]
    assert (columns.faults, columns.unknown) == ([], [])


def test_positions_start_over_with_each_record() -> None:
    """Of three records the last two are wanted; the other leaves no row."""
    columns = read(EXAMPLE, EXAMPLE, EXAMPLE + "<Unheard>x</Unheard>", wanted=slice(1, None))
    assert columns.record_of[TABLE_NUMBERS["keyword"]].tolist() == [0, 0, 1, 1]
    assert values(columns, "keyword", "keyword_order") == [1, 2, 1, 2]
    assert [(u.path, u.text) for u in columns.unknown] == [("MedlineCitation/Unheard", "x")]
    assert columns.record[columns.unknown[0].element] == 1


def test_an_author_with_two_affiliations_has_two_rows() -> None:
    """The affiliation extends the row of its author; one without any keeps its one row."""
    one, two = "<AffiliationInfo><Affiliation>A</Affiliation></AffiliationInfo>", "<LastName>Roe</LastName>"
    person = f"<Author>{two}{one}{one.replace('>A<', '>B<')}</Author>"
    columns = read(f"<PMID>7</PMID><Article><AuthorList>{person}<Author>{two}</Author></AuthorList></Article>")
    assert texts(columns, "author", "last_name") == ["Roe", "Roe"]
    assert texts(columns, "affiliation", "affiliation") == ["A", "B"]
    assert values(columns, "affiliation", "author_order") == [1, 1]
    assert values(columns, "affiliation", "affiliation_order") == [1, 2]


@pytest.mark.parametrize(
    ("again", "faults"),
    [
        ("<CoiStatement>None.</CoiStatement>", 0),
        ("<CoiStatement>Some.</CoiStatement>", 1),
    ],
)
def test_a_second_value_is_a_fault_unless_it_is_the_same(again: str, faults: int) -> None:
    """Which of two counts nobody can say."""
    columns = read(f"<PMID>7</PMID><CoiStatement>None.</CoiStatement>{again}")
    assert len(columns.faults) == faults
    sentence = "There are two MedlineCitation/CoiStatement, where there is a place for one."
    assert {fault.sentence for fault in columns.faults} <= {sentence}


def test_a_flag_that_is_neither_y_nor_n_is_a_fault() -> None:
    """With the element that it stands in, so that its record alone is refused."""
    columns = read(EXAMPLE, EXAMPLE.replace('"Y"', '"maybe"'))
    (fault,) = columns.faults
    assert fault.sentence == "MedlineCitation/KeywordList/Keyword/@MajorTopicYN: 'maybe' is neither Y nor N."
    assert columns.record[fault.element] == 1


def test_a_text_that_its_column_cannot_hold_is_null_and_reported() -> None:
    """The text is not lost."""
    path = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections"
    tie = "<CommentsCorrections><RefSource>J</RefSource><PMID>{}</PMID></CommentsCorrections>"
    ties = f"<CommentsCorrectionsList>{tie.format(5)}{tie.format('x1')}</CommentsCorrectionsList>"
    columns = read(f"<PMID>7</PMID>{ties}")
    assert values(columns, "comment_correction", "related_pmid") == [5, NOTHING]
    assert [(u.path, u.text) for u in columns.unknown] == [(f"{path}/PMID", "x1")]


@pytest.mark.parametrize(
    ("groups", "expected"), [([], []), ([4], [0]), ([0, 0, 1, 1, 1, 7], [0, 1, 0, 1, 2, 0]), ([2, 2], [0, 1])]
)
def test_positions_in_groups_begin_at_zero(groups: list[int], expected: list[int]) -> None:
    """Groups are sorted, and need not follow each other."""
    assert count_within(np.array(groups, np.int64)).tolist() == expected
