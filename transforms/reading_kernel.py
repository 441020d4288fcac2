"""Which of two ways reads the many tags and texts of a chunk: compiled, or by numpy if that is missing."""

from typing import Any

from transforms import numpy_reading
from warehouse.compiled_choice import is_compiled

kernel: Any = numpy_reading
if is_compiled("transforms.compiled_reading"):
    from transforms import compiled_reading

    kernel = compiled_reading
