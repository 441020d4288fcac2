"""Which version of the project this is."""

from importlib.metadata import version

CODE_VERSION = version("corpus")
