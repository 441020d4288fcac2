"""Whether a compiled module is used; asked without loading what it, or the way without it, needs."""

import os
from importlib.util import find_spec


def is_compiled(module: str) -> bool:
    """Whether a C compiler made a module at install, and `CORPUS_READING=numpy` does not switch it off."""
    return os.environ.get("CORPUS_READING") != "numpy" and find_spec(module) is not None
