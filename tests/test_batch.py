"""The script that starts a demo on Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "win32", reason="it is for Windows"),
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cmd", "/c", REPOSITORY / "demos" / "run.bat", *arguments],
        env={**os.environ, "PYTHON": sys.executable},
        cwd=REPOSITORY / "docs",  # from anywhere
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def test_an_unknown_demo_is_refused_with_the_list_of_those_there_are() -> None:
    ended = run("nothing")
    assert ended.returncode == 2
    demos = REPOSITORY / "demos"
    packages = [path.parent.name for path in demos.glob("*/__main__.py")]
    listed = sorted([*packages, *(path.stem for path in demos.glob("[!_]*.py"))])
    assert ended.stderr.splitlines()[0] == "Unknown demo nothing. The demos are:"
    assert sorted(ended.stderr.split()[6:]) == listed


def test_arguments_are_handed_on() -> None:
    ended = run("worker", "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "demos.worker" in ended.stdout
    assert "--picture" in ended.stdout
