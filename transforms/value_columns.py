"""The same values as in `transforms/values.py`, of many texts at once."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.values import to_pmid


def to_pmids(texts: pa.StringArray) -> npt.NDArray[np.int64]:
    """The PMIDs that some texts are, as `to_pmid` has it; 0 for a text that is none."""
    is_plain = pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), 9))
    pmids: npt.NDArray[np.int64] = (
        pc.if_else(is_plain, texts, "0").cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    )
    for position in np.flatnonzero(~is_plain.to_numpy(zero_copy_only=False)).tolist():
        pmids[position] = to_pmid(texts[position].as_py()) or 0
    return pmids


def are_orcids(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Of some texts, whether each is what `normal_orcid` makes of it."""
    found = pc.match_substring_regex(texts, "^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$")
    is_orcid: npt.NDArray[np.bool_] = found.to_numpy(zero_copy_only=False).copy()
    marks = np.frombuffer(texts.filter(found).buffers()[2] or b"", np.uint8).reshape(-1, 19)
    digits = np.delete(marks, (4, 9, 14), axis=1).astype(np.int64) - ord("0")
    check = (12 - (digits[:, :-1] << np.arange(15, 0, -1)).sum(axis=1) % 11) % 11
    is_orcid[is_orcid] = check == np.where(marks[:, -1] == ord("X"), 10, digits[:, -1])
    return is_orcid
