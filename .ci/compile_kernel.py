"""Compile the modules of `NAMES` where there is a C compiler; without one, numpy reads and SQL cuts words.

Hatchling calls it for `pip install`, `uv sync` and `uv build`. A wheel with the result is of this platform and Python;
one without is pure.
"""

import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

NAMES = ("transforms.compiled_reading", "warehouse.compiled_words", "warehouse.compiled_stems")


class CompileKernel(BuildHookInterface[Any]):
    """The hook of the wheel; an editable install has the module beside its source."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the results put into the wheel."""
        self.folder = Path(tempfile.mkdtemp())
        compiled = compile_modules(Path(self.root), self.folder)
        if version == "editable":
            for name in NAMES:
                Path(self.root, path_of(name)).unlink(missing_ok=True)  # It may be that of an older source.
        if len(compiled) < len(NAMES):
            self.app.display_warning("No C compiler works with this Python: reading and publishing will take longer.")
        elif version == "editable":
            for name, module in compiled.items():
                shutil.move(module, Path(self.root, path_of(name)))
        else:
            build_data["force_include"] |= {str(module): str(path_of(name)) for name, module in compiled.items()}
            build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, *_: object) -> None:
        """Remove what was compiled, which is in the wheel by now."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def path_of(name: str) -> Path:
    """Where a compiled module belongs, from the root."""
    return Path(*name.split(".")).with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))


def compile_modules(root: Path, folder: Path) -> dict[str, Path]:
    """The compiled modules in a folder, by name; those that can be compiled."""
    sources = {name: str(root.joinpath(*name.split(".")).with_suffix(".pyx")) for name in NAMES}
    extensions = [Extension(name, [source], extra_compile_args=["-O3", "-g0"]) for name, source in sources.items()]
    extensions = cythonize(extensions, build_dir=str(folder), quiet=True)
    for extension in extensions:
        extension.optional = True
    distribution = Distribution({"ext_modules": extensions})
    command = distribution.get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "temp")
    command.ensure_finalized()
    command.run()
    compiled = {name: folder / "lib" / path_of(name) for name in NAMES}
    return {name: path for name, path in compiled.items() if path.exists()}
