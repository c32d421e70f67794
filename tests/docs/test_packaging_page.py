"""The program of the page about packaging runs from one file, apart from all else that is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import h11
import pytest

import tkws
from tests.docs.blocks import programs

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "packaging.md"


@pytest.mark.slow
def test_the_program_runs_from_a_zipapp(tmp_path: Path) -> None:
    folder, archive = tmp_path / "app", tmp_path / "app.pyz"
    for package in (tkws, h11):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    [program] = programs(PAGE)
    (folder / "__main__.py").write_text(program.text, encoding="utf-8")
    zipapp.create_archive(folder, archive, compressed=True)
    # -I and -S: nothing but the archive and what comes with Python.
    command = [sys.executable, "-I", "-S", "-W", "error", str(archive)]
    run = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=60, check=False, cwd=tmp_path
    )
    assert (run.stdout, run.stderr, run.returncode) == ("hello from one file\n", "", 0)
