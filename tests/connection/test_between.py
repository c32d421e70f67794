"""The program's own code may do anything wherever it is called, and a connection's life stays one life.

Each action is done in each place where tkws calls the program, at the first time and at the second: while
the attempts fail, while the connection is open, and while it is opened again.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any

import pytest

import tkws
from tests.peers import Log
from tkws.loop import loop_for
from tkws.testing import Link

TIMEOUT = 0.25

# What a life may tell: attempts that fail and connections that end, and a retry only before another.
FAILED = "(error|timeout) disconnect "
CONNECTED = "connect ((text|binary|ping|pong|drain) )*(error )?close disconnect "
ONE_LIFE = re.compile(f"(({FAILED}|{CONNECTED})retry )*({FAILED}|{CONNECTED}|close disconnect )")


# Lines of the log, by words in them.
LINES = {
    "log of a transition": " -> ",
    "log of a frame received": "] < ",
    "log of a frame sent": "] > ",
    "log of a fault": "failed with 1002",
    "log of a failed attempt": "opening failed",
    "log of an opened connection": "] open: ",
    "log of an end": "] Disconnected",
    "log of a retry": "] attempt ",
}


HAPPEN_ONCE = [("log of a fault", 2), ("log of a failed attempt", 2)]


class Failure(Exception):
    """What the action `fail` raises."""


class Jar(CookieJar):
    """A jar that calls the program, as one that is kept in a file or a keyring does."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    def add_cookie_header(self, request: Any) -> None:
        self.scene.pass_by("cookies sent")
        super().add_cookie_header(request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        self.scene.pass_by("cookies kept")
        super().extract_cookies(response, request)


class Passing(logging.Handler):
    """A handler of logging, such as one that writes into a widget."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "tkws.client":
            line = record.getMessage()
            self.scene.pass_by(next((place for place, words in LINES.items() if words in line), "any line"))


class Scene:
    """A client whose first attempt fails and whose first connection breaks."""

    def __init__(self, root, pump_until, place: str, turn: int, action: Callable[[Scene], object]) -> None:
        self.root = root
        self.pump_until = pump_until
        self.loop = loop_for(root)
        self.place, self.turn, self.action = place, turn, action
        self.passed = 0
        self.acted = False
        self.others: list[Log] = []
        self.wrong: list[BaseException] = []
        self.served = 0
        self.server = tkws.serve(master=root)
        self.server.live("/other", lambda ws, type, message: None)
        self.server.live("/", self.serve)
        self.link = Link(self.server.url, master=root)
        self.link.down()
        self.log = Log(**{str(event): self.handle(str(event)) for event in tkws.Event})
        root.report_callback_exception = self.report
        self.ws = tkws.open(
            self.link.url,
            self.log,
            master=root,
            timeout=TIMEOUT,
            headers=self.headers,
            cookies=Jar(self),
            close_timeout=0.2,
            reconnect=tkws.Backoff(initial=0.01, jitter=0, factor=1, attempts=9, retry=self.rule),
        )

    def pass_by(self, place: str) -> None:
        """Does the action, if it is the place and the time for it."""
        if place == self.place:
            self.passed += 1
            if self.passed == self.turn:
                self.acted = True
                self.action(self)

    def handle(self, event: str) -> Callable[[Any, Any], object]:
        def call(ws: tkws.WebSocket, message: Any) -> None:
            if event == "retry":
                self.link.up()
            if event == "text" and self.place == "report":
                raise ValueError
            self.pass_by(event)

        return call

    def headers(self) -> dict[str, str]:
        self.pass_by("headers")
        return {}

    def rule(self, cause: tkws.WebSocketError) -> bool:
        self.pass_by("rule")
        return not isinstance(cause, tkws.ConnectionClosed) or cause.code != 4000

    def report(self, kind: type, error: BaseException, traceback: object) -> None:
        if isinstance(error, ValueError) and self.place == "report":
            self.pass_by("report")
        elif not isinstance(error, Failure):
            self.wrong.append(error)

    def serve(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type != "connect":
            return
        self.served += 1
        ws.send("hello")
        ws.ping()
        if self.served <= 2:
            if self.place in ("log of a fault", "error") and self.served == 1:
                ws.loop.call_later(0.01, self.break_protocol, ws)
            else:
                ws.loop.call_later(0.01, ws.close, 1012)

    def break_protocol(self, ws: tkws.WebSocket) -> None:
        if not ws._session.driver.stream.closed:  # type: ignore[union-attr] # there is one while it is open
            ws._session.driver.stream.write(b"\xff\xff")  # type: ignore[union-attr] # there is one while it is open

    def is_settled(self) -> bool:
        return self.loop.closed or self.is_over() or (self.served >= 3 and self.log.types[-1:] == ["ping"])

    def is_over(self) -> bool:
        return self.ws.state is tkws.State.CLOSED and self.log.types[-1:] == ["disconnect"]


def close(scene: Scene) -> None:
    scene.ws.close(4000, "enough")
    assert scene.ws.state in (tkws.State.CLOSING, tkws.State.CLOSED)


def open_another(scene: Scene) -> None:
    scene.others.append(Log())
    tkws.open(scene.server.url + "other", scene.others[-1], master=scene.root)


def configure(scene: Scene) -> None:
    scene.ws.configure(keepalive=1, handler=scene.log, offline_buffer=1000, reentrant=True)


def end_the_loop(scene: Scene) -> None:
    scene.loop.close()


def run_the_loop(scene: Scene) -> None:
    over: list[bool] = []
    scene.loop.call_later(2 * TIMEOUT, over.append, True)
    scene.pump_until(lambda: over or scene.loop.closed)


def run_the_loop_and_close(scene: Scene) -> None:
    run_the_loop(scene)
    close(scene)


def close_in_a_nested_loop(scene: Scene) -> None:
    scene.loop.call_later(TIMEOUT / 2, close, scene)
    run_the_loop(scene)


def reconnect(scene: Scene) -> None:
    scene.ws.reconnect_now()


def fail(scene: Scene) -> None:
    raise Failure


CLOSING = (close, run_the_loop_and_close, close_in_a_nested_loop)
PLACES = [
    "headers", "cookies sent", "cookies kept", "rule", "report", "connect", "text", "ping", "error",
    "close", "disconnect", "retry", *LINES,
]  # fmt: skip
ACTIONS = [
    close, open_another, configure, end_the_loop, run_the_loop, run_the_loop_and_close,
    close_in_a_nested_loop, reconnect, fail,
]  # fmt: skip


@pytest.fixture
def logged():
    """The level at which everything is logged."""
    logger = logging.getLogger("tkws")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.setLevel(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "turn"),
    [each for each in itertools.product(PLACES, (1, 2)) if each not in HAPPEN_ONCE],
    ids=lambda value: str(value).replace(" ", "-"),
)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_an_action_where_the_program_is_called(root, pump_until, request, logged, place, turn, action):
    scene = Scene(root, pump_until, place, turn, action)
    handler = Passing(scene)
    logged.addHandler(handler)
    try:
        pump_until(scene.is_settled)
        assert scene.acted
        assert not scene.wrong
        if scene.loop.closed:
            assert scene.ws.state is tkws.State.CLOSED
            before = scene.log.events.copy()
            end = tkws.loop.loop_for(root)
            done: list[bool] = []
            end.call_later(0.05, done.append, True)
            pump_until(lambda: done)
            assert scene.log.events == before
            return
        scene.ws.close(4000)
        pump_until(scene.is_over)
        told = scene.log.events.copy()
        for other in scene.others:
            pump_until(lambda other=other: other.open)
            other.ws.close()
            pump_until(lambda other=other: other.over)
        pump_until(lambda: not tkws.find() and not scene.server.connections)
        assert scene.log.events == told  # no ghost
        if action is not configure:
            assert ONE_LIFE.fullmatch("".join(f"{type} " for type in scene.log.types)), scene.log.types
        if place == "error" and action is close:
            assert scene.log.types[-2:] != ["disconnect", "retry"]
        if action is fail and place == "report":
            records = request.getfixturevalue("_logged_errors")
            assert [record.getMessage() for record in records] == ["report_callback_exception raised"]
            records.clear()
    finally:
        logged.removeHandler(handler)
        scene.link.close()
        if not scene.loop.closed:
            scene.server.close()
