"""The program of the page about packaging runs from one file, and its imports are found by reading."""

from __future__ import annotations

import modulefinder
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import h11
import pytest

import tkws
from tests.docs.blocks import programs

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "packaging.md"


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


@pytest.mark.slow
def test_what_packs_programs_finds_all_modules(tmp_path: Path) -> None:
    """By reading imports, as PyInstaller does; it needs no hook."""
    [program] = programs(PAGE)
    script = tmp_path / "app.py"
    script.write_text(program.text, encoding="utf-8")
    finder = modulefinder.ModuleFinder([str(ROOT)])  # what is of Python itself is not looked for
    finder.run_script(str(script))
    tell = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*(m for m in sys.modules if 'tkws' in m))"
    command = [sys.executable, "-W", "error", "-c", tell, str(script)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True, cwd=ROOT)
    said, modules = run.stdout.splitlines()
    assert said == "hello from one file"
    assert len(modules.split()) > 20
    assert set(modules.split()) <= set(finder.modules)
