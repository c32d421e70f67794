"""``python -m tkws`` as a program, without a window, as a shell starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tkws

REPOSITORY = Path(__file__).parents[2]

# Seconds that a program may take.
PATIENCE = 60.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-X", "dev", "-W", "error", "-m", "tkws", *arguments]


class Running:
    """A program that runs, and its output when it has ended."""

    def __init__(self, *arguments: str, stdin: Any = subprocess.PIPE) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=REPOSITORY,
            env={**os.environ, "DISPLAY": "", "PYTHONUNBUFFERED": "1"},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for stream in filter(None, (self.process.stdout, self.process.stderr)):
            os.set_blocking(stream.fileno(), False)
        self.out = self.err = b""

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    @property
    def over(self) -> bool:
        ended = self.process.poll() is not None
        self.read()
        return ended

    def read(self) -> None:
        if self.process.stdout is not None:
            self.out += self.process.stdout.read() or b""
        if self.process.stderr is not None:
            self.err += self.process.stderr.read() or b""

    def said(self, text: str) -> bool:
        self.read()
        return text.encode() in self.out + self.err

    @property
    def result(self) -> tuple[int, str]:
        assert self.process.returncode is not None
        return self.process.returncode, self.out.decode()

    def clear(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)


Start = Callable[..., Running]


def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
    """Send a message back; the handler of a server. Two words end the connection: ``close`` and ``drop``."""
    if type in ("text", "binary") and ws.state is tkws.State.OPEN:
        if message == "close":
            ws.close(4001, "as you like")
        elif message == "drop":
            ws._session.driver.stream.abort()  # type: ignore[union-attr] # there is one while it is open
        else:
            ws.send(message)
