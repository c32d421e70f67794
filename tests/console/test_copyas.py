"""A connection as a program or a command: the programs run, and do what the console did."""

from __future__ import annotations

import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest

import tkws
from tkws.console.client.copyas import FORMS, as_await, as_callbacks, as_websocat
from tkws.console.client.target import NO_PROXY, Target

PumpUntil = Callable[..., None]

ALL = Target(
    url="wss://host/",
    headers=(("X-One", "it's"),),
    protocols=("a", "b"),
    ca_file="{ca}.pem",
    verify=False,
    proxy="http://proxy:1/",
    reconnect=True,
)


@pytest.mark.parametrize("make", [as_callbacks, as_await])
def test_a_program_has_all_the_options(make: Callable[..., str]) -> None:
    program = make(ALL, '{"a": "\n"}')
    compile(program, "program", "exec")
    for part in (
        "'wss://host/'",
        """headers=[('X-One', "it's")]""",
        "protocols=['a', 'b']",
        "proxy='http://proxy:1/'",
        "cafile='{ca}.pem'",
        "ssl=context",
        "verify_mode = ssl.CERT_NONE",
        """ws.send('{"a": "\\n"}')""",
    ):
        assert part in program


@pytest.mark.parametrize("make", [as_callbacks, as_await])
def test_a_program_without_options_is_short(make: Callable[..., str]) -> None:
    program = make(Target(url="ws://host/"))
    compile(program, "program", "exec")
    assert "ssl" not in program
    assert "headers" not in program


def test_websocat_gets_a_line() -> None:
    command = as_websocat(ALL, "it's")
    assert command == (
        """printf '%s\\n' 'it'"'"'s' | websocat --no-close wss://host/ '-H=X-One: it'"'"'s' """
        "'--protocol=a, b' --insecure"
    )
    assert as_websocat(Target(url="ws://host/")) == "websocat ws://host/"
    assert as_websocat(Target(url="ws://host/"), b"\0") == "websocat --no-close ws://host/"
    assert list(FORMS) == ["Python with callbacks", "Python with await", "curl", "websocat"]


@pytest.mark.slow
@pytest.mark.parametrize("make", [as_callbacks, as_await])
def test_the_program_says_what_was_said(
    make: Callable[..., str], display_root: tk.Tk, pump_until: PumpUntil, tmp_path: Path
) -> None:
    heard: list[object] = []

    def on_event(ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "text":
            assert ws.request is not None
            headers = ws.request.headers
            heard.extend((message, headers["X-One"], headers["Sec-WebSocket-Protocol"]))

    server = tkws.serve(master=display_root, handler=on_event)
    target = Target(url=server.url, headers=(("X-One", "1"),), protocols=("a", "b"), proxy=NO_PROXY)
    program = tmp_path / "program.py"
    program.write_text(make(target, "hello ä"), encoding="utf-8")
    with subprocess.Popen([sys.executable, "-W", "error", str(program)]) as process:
        try:
            pump_until(lambda: len(heard) == 3, timeout=60.0)
        finally:
            process.kill()
    assert heard == ["hello ä", "1", "a, b"]
    pump_until(lambda: not server.connections)
    server.close()
