"""The recipes of warehouse/RECIPES.md, each block run as it stands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rispy

from tests.test_readme import corpus

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "warehouse" / "RECIPES.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|sh|r)\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = {"python": [sys.executable, "-c"], "sh": ["sh", "-ec"], "r": ["Rscript", "-e"]}


def test_every_recipe_runs_and_what_it_writes_can_be_read(tmp_path: Path) -> None:
    """One after the other, in a folder with the sample corpus: one can need what another has written."""
    pandas = pytest.importorskip("pandas", reason="left out: pandas is not installed; `uv run --group readers pytest`")
    corpus(["refresh", "--entrez", "sample", "--seeds", str(REPOSITORY / "seeds")], tmp_path / "data")
    command = tmp_path / "bin" / "corpus"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from flows.command.start import main; main()" "$@"\n')
    command.chmod(0o755)
    environment = {"PATH": f"{command.parent}:/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)}
    for language, block in BLOCKS:
        if language == "r" and not shutil.which("Rscript"):
            continue
        done = subprocess.run(
            [*COMMANDS[language], block],
            cwd=tmp_path,
            env=environment | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        assert done.stdout or language == "sh", block
    assert (tmp_path / "articles.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(pandas.read_csv(tmp_path / "articles.csv")) == 8
    for name, count in (("ketamine.ris", 11), ("citing.ris", 5)):
        with (tmp_path / name).open(encoding="utf-8") as file:
            assert [entry["type_of_reference"] for entry in rispy.load(file)] == ["JOUR"] * count
    if not shutil.which("Rscript"):
        pytest.skip("Rscript is not installed: the recipe for R was not run, all others were.")


def test_the_page_has_the_tools_of_the_field() -> None:
    """A block for each that can be run here."""
    assert [language for language, _ in BLOCKS].count("python") == 3
    assert {language for language, _ in BLOCKS} == set(COMMANDS)
