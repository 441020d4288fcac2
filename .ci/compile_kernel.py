"""Compile `transforms/compiled_reading.pyx` where there is a C compiler; without one, numpy reads.

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

NAME = "transforms.compiled_reading"


class CompileKernel(BuildHookInterface[Any]):
    """The hook of the wheel; an editable install has the module beside its source."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the result put into the wheel."""
        path = Path(self.root, *NAME.split(".")).with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        self.folder = Path(tempfile.mkdtemp())
        compiled = compile_module(path.parent.parent, self.folder, path.name)
        if version == "editable":
            path.unlink(missing_ok=True)  # It may be that of an older source.
        if compiled is None:
            self.app.display_warning("No C compiler works with this Python: numpy will read, more slowly.")
        elif version == "editable":
            shutil.move(compiled, path)
        else:
            build_data["force_include"][str(compiled)] = f"transforms/{path.name}"
            build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, *_: object) -> None:
        """Remove what was compiled, which is in the wheel by now."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def compile_module(root: Path, folder: Path, name: str) -> Path | None:
    """The compiled module in a folder; None if it cannot be compiled."""
    source = root.joinpath(*NAME.split(".")).with_suffix(".pyx")
    extension = Extension(NAME, [str(source)], extra_compile_args=["-O3", "-g0"])
    (extension,) = cythonize([extension], build_dir=str(folder), quiet=True)
    extension.optional = True
    distribution = Distribution({"ext_modules": [extension]})
    command = distribution.get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "temp")
    command.ensure_finalized()
    command.run()
    compiled = folder / "lib" / "transforms" / name
    return compiled if compiled.exists() else None
