"""Many texts at once give what each gives alone."""

import pyarrow as pa

from transforms.value_columns import are_orcids, to_pmids
from transforms.values import normal_orcid, to_pmid


def test_many_texts_give_the_pmids_that_each_gives() -> None:
    """Digits are read at once, anything else one by one."""
    texts = [
        "1",
        "0000001",
        "0",
        "",
        "999999999",
        "1000000000",
        "0000000000012",
        " 7 ",
        "\u0667",
        "12a",
        "-3",
        "+3",
        "1\n",
    ]
    assert to_pmids(pa.array(texts)).tolist() == [to_pmid(text) or 0 for text in texts]
    assert to_pmids(pa.array(texts).slice(1)).tolist() == to_pmids(pa.array(texts)).tolist()[1:]
    assert to_pmids(pa.array([], pa.string())).tolist() == []


def test_many_texts_are_orcids_where_each_is() -> None:
    """In the one form, with the right check digit; another form is left to `normal_orcid`."""
    texts = [
        "0000-0002-1825-0097",
        "0000-0002-1694-233X",
        "0000-0002-1825-0096",
        "0000-0002-1825-009X",
        "0000000218250097",
    ]
    texts += [
        "0000-0002-1694-233x",
        "https://orcid.org/0000-0002-1825-0097",
        "",
        "0000-0002-1825-0097\n",
        "0000-0001-5109-3700",
    ]
    assert are_orcids(pa.array(texts)).tolist() == [normal_orcid(text) == text for text in texts]
    assert are_orcids(pa.array([], pa.string())).tolist() == []
