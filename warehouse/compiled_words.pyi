"""What `compiled_words.pyx` has; `words.py` says what for."""

from typing import Any

import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[Any]

def count_words(
    texts: pa.Buffer | bytes, borders: Numbers, order: Numbers, groups: Numbers
) -> tuple[Numbers, Numbers, Numbers]: ...
def in_order(values: Numbers, bound: int) -> Numbers: ...
