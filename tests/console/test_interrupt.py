"""Ctrl-C in the shell, and its kin, end a window as its own Quit does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.console.conftest import Echo
from tkws.protocol.frames import Opcode

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 30.0

PumpUntil = Callable[..., None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no signal for one process"),
]

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)] + (
    [(signal.SIGHUP, 129)] if hasattr(signal, "SIGHUP") else []
)


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "tkws", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
        stderr=subprocess.PIPE,
    )


def start_terminal(folder: Path, out: Any, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tkws", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_closes_the_console(
    display_root: tk.Tk, echo: Echo, pump_until: PumpUntil, tmp_path: Path, number: int, status: int
) -> None:
    closes: list[Any] = []
    echo.server.live("*", lambda ws, type, message: closes.append(message) if type == "close" else None)
    process = start(tmp_path, "--no-proxy", "--theme", "dark", echo.url)
    try:
        pump_until(lambda: echo.server.connections, timeout=PATIENCE)
        process.send_signal(number)
        pump_until(lambda: process.poll() is not None, timeout=PATIENCE)
        pump_until(lambda: closes)
    finally:
        process.kill()
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (status, b"")
    assert closes[0][0] == 1001
    assert json.loads((tmp_path / "tkws" / "console.json").read_text(encoding="utf-8"))["theme"] == "dark"


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_closes_the_server(
    display_root: tk.Tk, pump_until: PumpUntil, tmp_path: Path, number: int, status: int
) -> None:
    events: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    process = start(tmp_path, "serve", "--port", str(port))
    ws = tkws.open(
        f"ws://127.0.0.1:{port}/",
        lambda ws, type, message: events.append((type, message)),
        master=display_root,
        proxy=None,
        reconnect=tkws.Backoff(initial=0.1, maximum=0.1),
    )
    try:
        pump_until(lambda: ws.state is tkws.State.OPEN, timeout=PATIENCE)
        process.send_signal(number)
        pump_until(lambda: process.poll() is not None, timeout=PATIENCE)
        pump_until(lambda: any(type == "close" for type, _ in events))
    finally:
        process.kill()
        ws.close()
        pump_until(lambda: ws.state is tkws.State.CLOSED)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (status, b"")
    assert ("close", (1001, "")) in [(str(type), message) for type, message in events]


def test_the_terminal_does_not_wait_long_for_a_server_that_does_not_answer(
    peers: Any, pump_until: PumpUntil, tmp_path: Path
) -> None:
    listening = peers.listen()
    with (tmp_path / "out").open("wb") as out:
        process = start_terminal(tmp_path, out, "--no-gui", "--no-proxy", "--linger", "inf", listening.url)
    try:
        peer = listening.accept()
        peer.accept()
        peer.text("here")
        pump_until(lambda: (tmp_path / "out").stat().st_size, timeout=PATIENCE)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        pump_until(lambda: process.poll() is not None, timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert time.monotonic() - began < 9  # the closing handshake alone would have 10 seconds


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_the_terminal_ends_though_nobody_reads_its_output(
    peers: Any, pump_until: PumpUntil, tmp_path: Path, options: list[str]
) -> None:
    listening = peers.listen()
    unread, out = os.pipe()
    process = start_terminal(
        tmp_path, out, "--no-gui", "--no-proxy", "--linger", "inf", *options, listening.url
    )
    os.close(out)
    blocked = 0

    def is_stuck() -> bool:
        """Send until nothing is taken any more, for a while."""
        nonlocal blocked
        try:
            while peer.sock.send(peer.frame(Opcode.TEXT, b"x" * 50_000)) > 50_000:
                blocked = 0
        except BlockingIOError:
            blocked += 1
        return blocked > 30

    try:
        peer = listening.accept()
        peer.accept()
        pump_until(is_stuck, timeout=PATIENCE)
        process.send_signal(signal.SIGINT)
        pump_until(lambda: process.poll() is not None, timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(unread)
    assert process.returncode == 130
