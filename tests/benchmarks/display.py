"""A virtual screen for the windows: each run of the benchmarks has its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator


@contextlib.contextmanager
def virtual_screen() -> Iterator[None]:
    """Start Xvfb, and make it this process's display while the context lasts."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    before = os.environ.get("DISPLAY")
    try:
        with open(ours, encoding="utf-8") as number:
            os.environ["DISPLAY"] = f":{int(number.readline())}"
        yield
    finally:
        server.terminate()
        server.wait()
        os.environ.pop("DISPLAY")
        if before is not None:
            os.environ["DISPLAY"] = before
