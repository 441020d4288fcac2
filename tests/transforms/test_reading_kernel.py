"""The two ways to read a chunk, compared: `compiled_reading.pyx` gives what `numpy_reading.py` gives."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.test_elements import PIECES, RECORD
from transforms import numpy_reading
from transforms.columns import HAS_TEXT, IS_BRANCH
from transforms.elements import Elements, is_utf8
from transforms.numpy_reading import DEEPEST, NOTHING, levels_of
from transforms.record_columns import NAMES, NEXT_NODES
from transforms.start_tags import read_start_tags
from warehouse.compiled_choice import is_compiled

if not is_compiled("transforms.compiled_reading"):
    pytest.skip("left out: nothing was compiled here, so there is one way to read", allow_module_level=True)

from transforms import compiled_reading

RECORDS = b"\n  " + RECORD + b"\n" + RECORD.replace(b"A &lt;", b"&#10;A &#x2009;&amp;lt;\n  <b> c</b>") + b"\n"
ARRAYS = ("offsets", "flags", "tag", "end", "parent", "order", "borders", "code")


def find(way: Any, xml: bytes) -> Elements | None:
    """The elements by one way; None if it does not take the bytes."""
    found = way.scan(xml)
    tags = None if found is None else read_start_tags(found.texts)
    if found is None or tags is None:
        return None
    assert [getattr(found, name).dtype for name in ARRAYS] == [np.int64, np.uint8, *[np.int64] * 6]
    levels = levels_of(found.order, found.borders)
    return Elements(xml, found.offsets, found.flags, found.tag, found.end, found.parent, levels, found.code, tags, xml)


def read(way: Any, e: Elements) -> list[object]:
    """What one way makes of elements."""
    names = np.array([NAMES.get(tag.name, len(NAMES)) for tag in e.start_tags])[e.code]
    tops = e.levels[0]
    node, *by_node = way.nodes(e.parent, names, e.levels, tops[::2].copy(), NEXT_NODES)
    strays = way.strays(e.offsets, e.flags, e.tag, e.end, e.parent, IS_BRANCH[node])
    content, borders = way.content(e.xml, e.offsets, e.flags, 2 * e.tag[tops] + 1, 2 * e.end[tops] + 2)
    made: list[object] = [node.tolist(), *(of.tolist() for of in (*by_node, *strays)), bytes(content), borders.tolist()]
    for wanted in (np.ones(len(e.tag), bool), HAS_TEXT[node]):
        text, strings, odd = way.texts(e.xml, e.offsets, e.flags, e.tag, e.end, wanted)
        assert (text[odd] == NOTHING).all()
        took = way.Strings(e.xml, e.offsets, strings).take(text)
        took.validate(full=True)
        texts = took.to_pylist()
        for element in odd.tolist():
            texts[element] = e.whole_text(element) or None
        made.append(texts)
    return made


def assert_same(xml: bytes) -> None:
    """Both take the same bytes, and make the same of them."""
    if not is_utf8(xml):
        return
    ours, theirs = find(compiled_reading, xml), find(numpy_reading, xml)
    assert (ours is None) == (theirs is None), xml
    if ours is None or theirs is None:
        return
    for name in ("offsets", "flags", "tag", "end", "parent", "code"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    assert ours.start_tags == theirs.start_tags
    assert [level.tolist() for level in ours.levels] == [level.tolist() for level in theirs.levels]
    assert read(compiled_reading, ours) == read(numpy_reading, ours)


@settings(max_examples=1000)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(RECORDS)), st.integers(0, 9), st.sampled_from(PIECES)), min_size=0, max_size=5
    )
)
def test_both_ways_read_the_same(changes: list[tuple[int, int, bytes]]) -> None:
    """Wherever bytes are inserted or removed."""
    xml = RECORDS
    for place, gone, piece in changes:
        xml = xml[:place] + piece + xml[place + gone :]
    assert_same(xml)


@settings(max_examples=500)
@given(pieces=st.lists(st.sampled_from([*PIECES, b"<a>", b"</a>", b"<b>", b"</b>", b"text", b"\n  "]), max_size=40))
def test_both_ways_read_the_same_of_anything(pieces: list[bytes]) -> None:
    """Pieces in any order: truncated tags, ends without beginnings, beginnings without ends."""
    assert_same(b"".join(pieces))


@pytest.mark.parametrize(
    "xml",
    [
        b"<a>" * DEEPEST + b"</a>" * DEEPEST,
        b"<a>" * DEEPEST + b"<a/>" + b"</a>" * DEEPEST,
        b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1),
        b'<a b="' + b"x" * 2_000_000 + b'"/>',
        b"<" + b"a" * 300_000 + b">x</" + b"a" * 300_000 + b">",
        b"<a>" + b"".join(b'<b c="%d">%d</b>' % (n, n) for n in range(20_000)) + b"</a>",
        b"<a>" + b"&#x1F600;" * 10_000 + b"</a>",
        b"<a/>" * 50_000,
    ],
    ids=["deep", "deeper", "too deep", "long attribute", "long name", "many tags", "references", "many records"],
)
def test_what_is_large_or_deep_is_read_the_same(xml: bytes) -> None:
    """Tables grow, and the bound of depth is the same one."""
    assert_same(xml)


@pytest.mark.parametrize(
    "piece", [b"", b"<", b"</MedlineCitation>", b"</Medlinecitation>", b"\n" * 9, RECORDS, RECORDS + b"x"]
)
def test_bytes_are_found_and_counted_alike(piece: bytes) -> None:
    """At either end, in the middle, or not at all."""
    for xml in (RECORDS, RECORDS[1:], b"", b"<"):
        assert compiled_reading.holds(xml, piece) == numpy_reading.holds(xml, piece)
        assert compiled_reading.count(xml, 10) == numpy_reading.count(xml, 10)


def test_tags_that_crowd_the_table_are_read_all_the_same() -> None:
    """Whoever crafts start tags that collide gains nothing."""
    xml = b"<a>" + b"".join(b'<b c="%d"/>' % n for n in range(3000)) + b"</a>"
    found, theirs = compiled_reading.scan(xml, most_probes=0), numpy_reading.scan(xml)  # type: ignore[call-arg]
    assert found is not None
    assert theirs is not None
    assert found.texts == theirs.texts
    assert np.array_equal(found.code, theirs.code)


def test_places_out_of_bounds_raise() -> None:
    """The compiled way checks each place, whatever it is given."""
    e = find(compiled_reading, RECORDS)
    assert e is not None
    strings = compiled_reading.Strings(e.xml, e.offsets, pa.array(["x"]))
    assert strings.take(np.array([len(e.offsets) - 1, NOTHING])).to_pylist() == ["x", None]
    far = np.array([10**9])
    for wrong in (
        lambda: strings.take(np.array([len(e.offsets)])),
        lambda: strings.take(np.array([-2])),
        lambda: compiled_reading.Strings(e.xml[:9], e.offsets, pa.array(["x"])).take(np.array([5])),
        lambda: compiled_reading.content(e.xml, e.offsets, e.flags, far, far),
        lambda: compiled_reading.content(e.xml[:9], e.offsets, e.flags, np.array([1]), np.array([6])),
        lambda: compiled_reading.nodes(far, far, [], np.array([0]), NEXT_NODES),
        lambda: compiled_reading.nodes(np.array([-1]), far, [], np.array([0]), NEXT_NODES),
        lambda: compiled_reading.texts(e.xml, e.offsets, e.flags, e.tag * 9, e.end * 9 + 1, np.ones(len(e.tag), bool)),
        lambda: compiled_reading.strays(e.offsets, e.flags, e.tag, e.end * 9, e.parent, np.ones(len(e.tag), bool)),
    ):
        with pytest.raises(IndexError):
            wrong()


def test_a_variable_has_numpy_read() -> None:
    """Even if the compiled way is there."""
    code = "from transforms.reading_kernel import kernel; print(kernel.__name__)"
    for way, name in (("numpy", "numpy_reading"), ("", "compiled_reading")):
        environment = {**os.environ, "CORPUS_READING": way}
        printed = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
        assert printed.strip() == f"transforms.{name}"
