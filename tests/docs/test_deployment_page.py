"""The service of the page on deployment ends in order when it is asked to."""

from __future__ import annotations

import re
import signal
import socket
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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(tmp_path / "service.py"), str(port)]
    log = Log()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            ws = tkws.open(f"ws://127.0.0.1:{port}/echo", log, master=root, proxy=None)
            pump_until(lambda: log.open, timeout=60)
            ws.send("hello")
            pump_until(lambda: log.all("text") == ["hello"], timeout=60)
            process.send_signal(signal.SIGTERM)
            pump_until(lambda: log.over, timeout=60)
            assert log.all("close") == [(1001, "")]
            assert process.wait(60) == 0
        finally:
            process.kill()
