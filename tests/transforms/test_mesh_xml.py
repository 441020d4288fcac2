"""NLM's MeSH XML into rows."""

from typing import Any

import pytest

from tests.mesh_records import descriptor, mesh_set, qualifier, supplementary
from transforms import mesh_xml
from transforms.mesh_xml import MeshDocument, read_mesh
from warehouse.errors import DocumentError

ACTION = """<PharmacologicalActionList><PharmacologicalAction><DescriptorReferredTo><DescriptorUI>D09</DescriptorUI>
<DescriptorName><String>Sedatives</String></DescriptorName></DescriptorReferredTo></PharmacologicalAction>
</PharmacologicalActionList>"""


def read(content: bytes, name: str = "desc2026.xml", size: int = 100) -> dict[str, list[dict[str, Any]]]:
    """The rows of a file that comes in small blocks."""
    rows: dict[str, list[dict[str, Any]]] = {}
    blocks = (content[start : start + size] for start in range(0, len(content), size))
    for tables in read_mesh(blocks, MeshDocument(name)):
        for table, part in tables.items():
            rows.setdefault(table, []).extend(part.to_pylist())
    return rows


def test_a_descriptor_has_its_places_names_and_actions() -> None:
    """A registry number of 0 is none."""
    rows = read(
        mesh_set(descriptor("D01", "Calm", "Quiet", "Being Calm", trees=["D03.2", "D02.1", "D02.1"], more=ACTION))
    )
    assert rows["mesh_descriptor"] == [
        {
            "mesh_kind": "descriptor",
            "descriptor_ui": "D01",
            "descriptor_name": "Calm",
            "descriptor_class": 1,
            "scope_note": "What Calm means.",
            "annotation": None,
            "registry_number": None,
        }
    ]
    assert [row["tree_number"] for row in rows["mesh_tree_number"]] == ["D02.1", "D03.2"]
    names = [(row["term_order"], row["term_name"], row["is_preferred_term"]) for row in rows["mesh_term"]]
    assert names == [(1, "Calm", True), (2, "Quiet", False), (3, "Being Calm", False)]
    actions = [(row["mesh_ui"], row["action_ui"], row["action_name"]) for row in rows["mesh_pharmacological_action"]]
    assert actions == [("D01", "D09", "Sedatives")]


def test_a_supplementary_record_maps_to_headings_with_or_without_asterisk() -> None:
    """The asterisk of a main point is not part of the identifier."""
    rows = read(mesh_set(supplementary("C01", "calmol", mapped=[("*D01", "Calm"), ("D02", "Storm")])), "supp2026.xml")
    mapped = [(row["descriptor_ui"], row["descriptor_name"], row["is_major"]) for row in rows["mesh_mapped_heading"]]
    assert mapped == [("D01", "Calm", True), ("D02", "Storm", False)]
    assert rows["mesh_supplementary"][0]["supplementary_class"] == 1


def test_a_qualifier_is_read() -> None:
    """Qualifiers have places in a tree of their own."""
    rows = read(mesh_set(qualifier("Q01", "therapy", trees=["Y04"])), "qual2026.xml")
    assert [(row["qualifier_ui"], row["qualifier_name"]) for row in rows["mesh_qualifier"]] == [("Q01", "therapy")]
    assert [(row["mesh_ui"], row["tree_number"]) for row in rows["mesh_tree_number"]] == [("Q01", "Y04")]


def test_records_come_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 300,000 records is never in memory as a whole."""
    monkeypatch.setattr(mesh_xml, "RECORDS_AT_ONCE", 2)
    content = mesh_set(*(descriptor(f"D{number}", f"Heading {number}") for number in range(7)))
    document = MeshDocument("desc2026.xml")
    blocks = (content[start : start + 300] for start in range(0, len(content), 300))
    counts = [tables["mesh_descriptor"].num_rows for tables in read_mesh(blocks, document)]
    assert sum(counts) == document.record_count == 7
    assert len(counts) > 2


@pytest.mark.parametrize(
    ("name", "more", "doctype", "year"),
    [
        ("desc2026.xml", "<ActiveMeSHYearList><Year>2014</Year></ActiveMeSHYearList>", "", 2026),
        ("x.xml", "<ActiveMeSHYearList><Year>2014</Year><Year>2015</Year></ActiveMeSHYearList>", "", 2015),
        ("x.xml", "", '<!DOCTYPE DescriptorRecordSet SYSTEM "nlmdescriptorrecordset_20240101.dtd">', 2024),
    ],
)
def test_the_year_is_that_of_the_name_else_of_the_content(name: str, more: str, doctype: str, year: int) -> None:
    """Today's files do not list the years in which a record is active."""
    content = mesh_set(descriptor("D01", "Calm", more=more)).replace(b"?>\n", b"?>\n" + doctype.encode(), 1)
    document = MeshDocument(name)
    assert [*read_mesh([content], document)]
    assert (document.kind, document.year) == ("descriptor", year)


WHOLE = mesh_set(descriptor("D01", "Calm"), descriptor("D02", "Storm"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "x.xml is not well-formed"),
        (b"<html></html>", "x.xml is not MeSH XML: it begins with <html>"),
        (b"<PubmedArticleSet/>", "not MeSH XML"),
        (b"<DescriptorRecordSet/>", "x.xml has no record"),
        (WHOLE[:-30], "x.xml is not well-formed, or cut off"),
        (WHOLE, "x.xml does not say of which year it is"),
        (WHOLE.replace(b"<DescriptorUI>D02</DescriptorUI>", b""), "record 2 .* has no identifier"),
        (WHOLE.replace(b"D02", b"D01"), "D01 comes twice"),
        (WHOLE.replace(b"<ConceptUI>MD02</ConceptUI>", b""), "mesh_term.concept_ui: null"),
        (WHOLE.replace(b'DescriptorClass="1"', b'DescriptorClass="one"'), "D01.*'one'"),
    ],
)  # fmt: skip
def test_what_is_no_whole_mesh_file_is_refused_by_name(content: bytes, sentence: str) -> None:
    """Half a vocabulary would explode headings into half of what is below them."""
    with pytest.raises(DocumentError, match=sentence):
        read(content, "x.xml")
