"""Python in a process of its own, for what ends or stalls the process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def run_child(source: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs ``source`` with warnings as errors and the loop of the system's choice, up to ``timeout`` s."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(source)],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "TKWS_NOTIFIER"},
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
