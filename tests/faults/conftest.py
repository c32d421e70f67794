"""Programs in processes of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def child() -> Iterator[Callable[[Sequence[str]], subprocess.Popen[str]]]:
    """``child(command)``: starts it, with pipes; killed after the test where it still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(command: Sequence[str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=REPOSITORY, stdout=pipe, stderr=pipe, encoding="utf-8"))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
