"""What the tests of hostile peers share: all that is said aloud, and a client that has to be served on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tests.peers import Log


class Overheard(logging.Handler):
    """All that tkws logs, at any level and with tracebacks, as a program's log file would have it.

    Attributes:
        lines: What was logged, formatted.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def overheard() -> Iterator[list[str]]:
    """What is logged meanwhile, debug level included."""
    logger = logging.getLogger("tkws")
    handler, level = Overheard(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def said(value: Any) -> str:
    """All that a program would print of a value: its ``str``, its ``repr``, an exception's traceback."""
    shown = f"{value}\n{value!r}\n"
    if isinstance(value, BaseException):
        shown += "".join(traceback.format_exception(value))
    return shown


class Served:
    """A client of a server that says something again and again, and counts the answers.

    Args:
        root: Whose loop the client is on.
        server: Answers at ``/honest`` what it is told.
        pump_until: Runs the loop.
        **options: Of `tkws.open`.
    """

    def __init__(
        self, root: Any, server: tkws.HTTPServer, pump_until: Callable[..., None], **options: Any
    ) -> None:
        server.live("/honest", Log(text=lambda ws, message: ws.send(message)))
        self.answers = 0
        self._pump_until = pump_until
        self.ws = tkws.open(f"{server.url}honest", self, master=root, **options)
        pump_until(lambda: self.answers)

    def __call__(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            self.answers += 1
        if type in ("connect", "text"):
            ws.loop.call_later(0.005, self._say)

    def goes_on(self, more: int = 3) -> None:
        """Waits for more answers: the server serves on."""
        before = self.answers
        self._pump_until(lambda: self.answers >= before + more)

    def _say(self) -> None:
        if self.ws.state is tkws.State.OPEN:
            self.ws.send("are you there?")
