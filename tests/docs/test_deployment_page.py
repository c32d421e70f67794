"""The service of the page on deployment ends in order when it is asked to."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tkinter
from collections.abc import Callable
from pathlib import Path

import pytest

import tkws
from tests.peers import Log

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "deployment.md"


@pytest.mark.slow
@pytest.mark.posix
def test_sigterm_ends_the_service_in_order(
    root: tkinter.Tk, tmp_path: Path, pump_until: Callable[..., None]
) -> None:
    found = re.search(
        r"^```python notest\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found
    (tmp_path / "service.py").write_text(found[1], encoding="utf-8")
    command = [sys.executable, str(tmp_path / "service.py"), "0"]
    log = Log()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().decode().strip()
            ws = tkws.open(f"{url}echo", log, master=root, proxy=None)
            pump_until(lambda: log.open, timeout=60)
            ws.send("hello")
            pump_until(lambda: log.all("text") == ["hello"], timeout=60)
            process.send_signal(signal.SIGTERM)
            pump_until(lambda: log.over, timeout=60)
            assert log.all("close") == [(1001, "")]
            assert process.wait(60) == 0
        finally:
            process.kill()
