"""A server that answers by rules or by a script."""

from __future__ import annotations

import os
import tkinter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, Start
from tests.peers import Log
from tkws.console.log.log import Direction, Log as Rows
from tkws.console.server.answers import Rules, Script
from tkws.console.server.serversession import Mode, ServerSession

SCRIPT = """
def on_connect(ws):
    yield {"type": "hello", "path": ws.request.path}

def on_message(ws, message):
    if message == "feed":
        return feed()
    if message == "bye":
        return 4000, "bye"
    if message == "wrong":
        return 1 / 0
    if message == "odd":
        return object()
    if message == "quiet":
        return None
    return message.upper()

def feed():
    for number in range(3):
        yield [number]
        yield 0.001
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "answers.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def serve(root: tkinter.Tk, pump_until: Any) -> Any:
    sessions: list[ServerSession] = []

    def serve(answers: Any) -> ServerSession:
        sessions.append(ServerSession(Rows(), Mode.ANSWERS, root, lambda *_: None, answers=answers))
        return sessions[-1]

    yield serve
    for session in sessions:
        session.close()
        pump_until(lambda session=session: not session.names)


def talk(session: ServerSession, root: tkinter.Tk, *messages: str | bytes) -> Log:
    def say(ws: tkws.WebSocket, _: object) -> None:
        for message in messages:
            ws.send(message)

    log = Log(connect=say)
    tkws.open(session.server.url, log, master=root)
    return log


def client_of(log: Log) -> tkws.WebSocket:
    assert log.ws is not None
    return log.ws


def test_the_first_rule_that_is_found_answers(root: tkinter.Tk, serve: Any, pump_until: Any) -> None:
    rules = Rules(
        [(r"^get (\w+)", r"got \1"), ("get", "//what?"), ("00ff", "bytes"), ("slow", "/wait 0.01 late")]
    )
    log = talk(serve(rules), root, "get", "nothing", "slow", "get it", b"\x00\xff")
    pump_until(lambda: log.all("text") == ["/what?", "late", "got it", "bytes"])


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        ("/close", (1000, "")),
        ("/close 4001", (4001, "")),
        (r"/close 4001 so \1 it is", (4001, r"so \1 it is")),
    ],
)
def test_a_rule_closes(root: tkinter.Tk, serve: Any, pump_until: Any, answer: str, end: Any) -> None:
    log = talk(serve(Rules([("x", answer)])), root, "x")
    pump_until(lambda: log.over)
    assert log.all("close") == [end]


@pytest.mark.parametrize(
    "rule",
    [
        ("(", "x"),
        ("x", r"\1"),
        ("x", r"\g<name>"),
        ("x", "/drop"),
        ("x", "/close soon"),
        ("x", "/wait"),
        ("x", "/wait x y"),
    ],
)
def test_what_is_no_rule_is_refused(rule: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="^--answer: "):
        Rules([rule])


def test_a_script_answers_step_by_step(root: tkinter.Tk, serve: Any, pump_until: Any, script: Path) -> None:
    session = serve(Script(script))
    log = talk(session, root, "quiet", "feed", "at last", "bye", "never")
    pump_until(lambda: log.over and not session.names)
    assert log.all("text") == ['{"type":"hello","path":"/"}', "[0]", "[1]", "[2]", "AT LAST"]
    assert log.all("close") == [(4000, "bye")]
    sent = [row.payload for row in session.log.rows if row.direction is Direction.OUT]
    assert sent == log.all("text"), "the conversation is whole"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("wrong", "ZeroDivisionError: division by zero (line 11)\n"),
        ("odd", "TypeError: a step is a message, "),
    ],
)
def test_what_a_script_raises_is_shown(
    root: tkinter.Tk, serve: Any, pump_until: Any, script: Path, message: str, words: str
) -> None:
    session = serve(Script(script))
    log = talk(session, root, message, "and on")
    pump_until(lambda: log.all("text")[-1:] == ["AND ON"])
    (shown,) = [row.payload for row in session.log.rows if row.type == "error"]
    assert shown.startswith(words)
    assert "Traceback" in shown


def test_a_script_that_changes_is_read_again(
    root: tkinter.Tk, serve: Any, pump_until: Any, script: Path
) -> None:
    session = serve(Script(script))
    log = talk(session, root)
    pump_until(lambda: log.open)

    def change(text: str) -> None:
        before = os.stat(script).st_mtime_ns
        script.write_text(text, encoding="utf-8")
        os.utime(script, ns=(before + 1, before + 1_000_000_000))

    change("def on_message(ws, message): return 'new'")
    client_of(log).send("x")
    pump_until(lambda: log.all("text")[-1:] == ["new"])
    change("def on_message(")
    client_of(log).send("x")
    pump_until(lambda: any("SyntaxError" in str(row.payload) for row in session.log.rows))
    change("def on_message(ws, message): return 'again'")
    client_of(log).send("x")
    pump_until(lambda: log.all("text")[-1:] == ["again"])


def test_an_end_ends_what_is_under_way(root: tkinter.Tk, serve: Any, pump_until: Any, tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    path.write_text(
        "ended = []\n"
        "def on_message(ws, message):\n"
        "    try:\n"
        "        while True:\n"
        "            yield 'again'\n"
        "            yield 0.001\n"
        "    finally:\n"
        "        ws.data.append('ended')\n",
        encoding="utf-8",
    )
    session = serve(Script(path))
    log = talk(session, root, "x")
    pump_until(lambda: len(log.all("text")) > 3)
    (ws,) = session.names
    ended: list[str] = []
    ws.data = ended
    client_of(log).close()
    pump_until(lambda: log.over and not session.names)
    assert ended == ["ended"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "it has no function on_message"),
        ("def f(:", "SyntaxError"),
        ("1 / 0", r"ZeroDivisionError.*\(line 1\)"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "answers.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"^--script: .*{words}"):
        Script(path)
    with pytest.raises(ValueError, match="^--script: .*nowhere.*FileNotFoundError"):
        Script(tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["rule", "script"])
def test_a_program_answers(start: Start, pump_until: Callable[..., None], script: Path, form: str) -> None:
    options = ["--script", str(script)] if form == "script" else ["--answer", "one", "ONE"]
    server = start("serve", "--port", "0", "--no-gui", *options)
    pump_until(lambda: server.said("Listening at "), timeout=PATIENCE)
    client = start(server.err.decode().split()[2], "--expect", "^ONE$", "--within", "inf")
    client.type("one\n")
    pump_until(lambda: client.over, timeout=PATIENCE)
    assert client.process.returncode == 0
