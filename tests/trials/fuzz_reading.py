"""Read broken records the compiled way under AddressSanitizer, which ends the process at the first place out of bounds.

    uv run --with cython --with setuptools python -m tests.trials.fuzz_reading [FILE] [--seconds 60] [--seed 1]

FILE is PubMed XML, `.xml` or `.xml.gz`; without one, a record written here is broken. Each round takes some records and
inserts, removes, repeats and cuts bytes; what is then well-formed has to be read as numpy reads it. Needs
gcc with libasan.
"""

import argparse
import importlib.util
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
NAME = "transforms.compiled_reading"


def main() -> None:
    """Compile with the sanitizer, and start again with its library loaded first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.module:
        fuzz(load(options.module), options.file, options.seconds, random.Random(options.seed))
        return
    with tempfile.TemporaryDirectory() as folder:
        module = compile_sanitized(Path(folder))
        library = subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip()
        # Python's own allocator would hide reads beyond small arrays.
        environment = os.environ | {
            "LD_PRELOAD": library,
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
        again = [sys.executable, "-m", "tests.trials.fuzz_reading", *sys.argv[1:], "--module", str(module)]
        raise SystemExit(subprocess.run(again, env=environment, cwd=ROOT, check=False).returncode)


def compile_sanitized(folder: Path) -> Path:
    """The module, compiled with AddressSanitizer."""
    from Cython.Build import cythonize  # noqa: PLC0415 - of this trial alone
    from setuptools import Distribution, Extension  # noqa: PLC0415

    flags = ["-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer"]
    source = ROOT.joinpath(*NAME.split(".")).with_suffix(".pyx")
    extension = Extension(NAME, [str(source)], extra_compile_args=flags, extra_link_args=flags)
    command = Distribution({"ext_modules": cythonize([extension], build_dir=str(folder), quiet=True)}).get_command_obj(
        "build_ext"
    )
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "temp")
    command.ensure_finalized()
    command.run()
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX"))
    return folder / "lib" / "transforms" / f"compiled_reading{suffix}"


def load(path: Path) -> ModuleType:
    """Import the sanitized module in place of the installed one."""
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    import transforms  # noqa: PLC0415

    transforms.compiled_reading = module
    return module


def fuzz(sanitized: ModuleType, file: Path | None, seconds: float, chance: random.Random) -> None:
    """Break records, and read them both ways, for some seconds."""
    from flows.nlm_files.files import read_blocks  # noqa: PLC0415 - after the sanitized module is there
    from tests.transforms import test_reading_kernel as beside  # noqa: PLC0415
    from tests.transforms.test_elements import PIECES  # noqa: PLC0415
    from transforms.pubmed_document import split_document  # noqa: PLC0415

    whole = [beside.RECORDS]
    if file:
        blocks = read_blocks(file, lambda _: None)
        whole += [chunk.xml for chunk in split_document(blocks, name=file.name, chunk_bytes=1 << 15)]
    end, rounds, taken = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        xml = chance.choice(whole)
        for _ in range(chance.randrange(4)):
            at, gone = chance.randrange(len(xml) + 1), chance.choice([0, 0, 1, 3, 40])
            piece = chance.choice([*PIECES, bytes(chance.randrange(256) for _ in range(4)), xml[at : at + 200]])
            xml = xml[:at] + piece * chance.choice([1, 1, 1, 500]) + xml[at + gone :]
        if chance.random() < 0.1:
            xml = xml[: chance.randrange(len(xml) + 1)]
        # What is not UTF-8 never gets there, and must still do no harm.
        with suppress(UnicodeDecodeError):
            taken += sanitized.scan(xml) is not None
        beside.assert_same(xml)
        rounds += 1
    sys.stdout.write(f"{rounds:,} rounds, {taken:,} of them taken; nothing out of bounds, nothing read otherwise\n")


if __name__ == "__main__":
    main()
