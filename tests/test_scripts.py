"""The two commands of the repository, as far as they go before they make an environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *command],
        cwd=REPOSITORY / "docs",  # from anywhere
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_unknown_demo_is_refused_with_the_list_of_those_there_are() -> None:
    result = run("../demos/run.sh", "nothing")
    assert result.returncode == 2
    assert "There is no demo nothing." in result.stderr
    listed = result.stderr.splitlines()[1:]
    demos = REPOSITORY / "demos"
    packages = [path.parent.name for path in demos.glob("*/__main__.py")]
    assert listed == sorted([*packages, *(path.stem for path in demos.glob("[!_]*.py"))])


def test_a_python_that_is_not_there_is_told() -> None:
    result = run("../tests/run.sh", PYTHON="no-such-python")
    assert result.returncode == 1
    assert "PYTHON=no-such-python is not there." in result.stderr


def test_a_python_without_tk_is_told_what_to_install(tmp_path: Path) -> None:
    poor = tmp_path / "python"
    poor.write_text(f'#!/bin/sh\ncase "$*" in *tkinter*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    poor.chmod(0o755)
    result = run("../tests/run.sh", PYTHON=str(poor))
    assert result.returncode == 1
    assert result.stderr.startswith(f"{poor} lacks tkinter or venv: install python3-tk")
    assert len(result.stderr.splitlines()) == 1


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = run("../tests/run.sh", PYTHON=str(old))
    assert result.returncode == 1
    assert result.stderr == f"{old} is older than Python 3.11: name a newer one by PYTHON=...\n"
