"""The package as it is installed, compiled or pure.

``TKWS_COMPILE=1 bash tests/run.sh`` compiles it first.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import tomllib
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from types import FunctionType

import pytest

import tkws
from tkws.compilation import SourceFinder

REPOSITORY = Path(__file__).parents[1]
HOOK = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
    "targets"
]["wheel"]["hooks"]["custom"]
MODULES = HOOK["modules"]

LOADED = """
import sys, tkws
print(tkws.compiled)
print(*(module.__file__ for name, module in sys.modules.items() if name.startswith("tkws.")), sep="\\n")
"""


def test_what_is_compiled_is_there_and_in_order() -> None:
    assert sorted(set(MODULES)) == MODULES
    for name in MODULES:
        assert importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("name", MODULES)
def test_a_compiled_package_has_every_listed_module_compiled(name: str) -> None:
    module = importlib.import_module(name)
    functions = [
        value
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == name
    ]
    assert module.__file__ is not None
    assert module.__file__.endswith(tuple(EXTENSION_SUFFIXES)) is tkws.compiled
    assert not (functions and tkws.compiled)


@pytest.mark.parametrize("name", MODULES)
def test_no_weak_reference_dangles(name: str) -> None:
    """Objects of compiled classes cannot be referenced weakly: mypyc does not clear references to them."""
    module = importlib.import_module(name)
    for kind in vars(module).values():
        if isinstance(kind, type) and kind.__module__ == name and "__mypyc_attrs__" in vars(kind):
            assert kind.__weakrefoffset__ == 0, kind


def run(**environment: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    return result.stdout.splitlines()


def test_the_environment_makes_it_pure() -> None:
    compiled, *files = run(TKWS_PURE="1")
    assert compiled == "False"
    assert len(files) > 50
    assert {Path(file).suffix for file in files} == {".py"}


@pytest.mark.parametrize("value", ["", "0"])
def test_the_environment_leaves_it_as_it_is(value: str) -> None:
    assert run(TKWS_PURE=value)[0] == str(tkws.compiled)


def test_sources_are_found_before_what_was_compiled_from_them(tmp_path: Path) -> None:
    source, compiled = tmp_path / "frames.py", tmp_path / f"frames{EXTENSION_SUFFIXES[0]}"
    for path in (source, compiled):
        path.touch()
    folders = [str(tmp_path / "none"), str(tmp_path)]
    usual = PathFinder.find_spec("frames", folders)
    assert usual is not None
    assert usual.origin == str(compiled)
    found = SourceFinder().find_spec("tkws.frames", folders)
    assert found is not None
    assert found.origin == str(source)
    assert SourceFinder().find_spec("tkws.other", folders) is None
    assert SourceFinder().find_spec("frames", folders) is None
    assert SourceFinder().find_spec("tkws.frames", None) is None
