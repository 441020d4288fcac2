"""The data dictionary says what the declarations say."""

from warehouse.dictionary import FILE, data_dictionary
from warehouse.schema.tables import TABLES


def test_the_data_dictionary_is_up_to_date() -> None:
    """Run `uv run python -m warehouse.dictionary` after a change of the schema."""
    assert FILE.read_text(encoding="utf-8") == data_dictionary()


def test_it_has_every_column() -> None:
    """With its meaning."""
    text = data_dictionary()
    for table in TABLES.values():
        chapter = text.split(f"\n## {table.name}\n", 1)[1].split("\n## ", 1)[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in chapter
            assert column.doc.replace("|", "\\|") in chapter
