"""Whether the compiled way to read is taken; asked without loading what either way needs."""

import os
from importlib.util import find_spec


def is_compiled() -> bool:
    """Whether a C compiler was there when this was installed, and `CORPUS_READING=numpy` does not say otherwise."""
    return os.environ.get("CORPUS_READING") != "numpy" and find_spec("transforms.compiled_reading") is not None
