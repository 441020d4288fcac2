"""What `compiled_stems.pyx` has; `words.py` uses it."""

import numpy as np
import numpy.typing as npt

def stem_words(
    marks: npt.NDArray[np.uint8], borders: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]: ...
