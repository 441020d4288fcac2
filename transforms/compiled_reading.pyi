"""What `compiled_reading.pyx` has: the functions of `numpy_reading.py`, compiled."""

from transforms.numpy_reading import Strings as Strings
from transforms.numpy_reading import content as content
from transforms.numpy_reading import count as count
from transforms.numpy_reading import holds as holds
from transforms.numpy_reading import nodes as nodes
from transforms.numpy_reading import scan as scan
from transforms.numpy_reading import strays as strays
from transforms.numpy_reading import texts as texts
