"""What a person types at a terminal, and what appears above it meanwhile: on a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, Running
from tests.console.terminals import Screen

pytest.importorskip("prompt_toolkit")
pytest.importorskip("pyte")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals"),
]

Sit = Callable[..., Screen]

LEFT, UP, DOWN, TAB, CTRL_C, CTRL_D = "\x1b[D", "\x1b[A", "\x1b[B", "\t", "\x03", "\x04"


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Sit]:
    """``sit(*arguments)``: the program at a terminal that can do more than a dumb one."""
    seats: list[Screen] = []

    def sit(*arguments: str, **options: Any) -> Screen:
        environment = {"XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": "1", **options.pop("environment", {})}
        seats.append(Screen(*arguments, term="xterm", environment=environment, **options))
        return seats[-1]

    yield sit
    for seat in seats:
        seat.clear()


@pytest.fixture
def connected(sit: Sit, echoes: tkws.HTTPServer, pump_until: Any) -> Screen:
    """A client that waits for a line."""
    screen = sit(echoes.url, "--no-gui", "--ping-interval", "0")
    pump_until(lambda: screen.display[-1:] == [">"], timeout=PATIENCE)
    return screen


def last(screen: Screen, count: int) -> list[str]:
    return screen.display[-count:]


def test_a_line_is_edited_and_sent(connected: Screen, pump_until: Any) -> None:
    connected.type(f"helo{LEFT}l")
    pump_until(lambda: last(connected, 1) == ["> hello"], timeout=PATIENCE)
    connected.type("\r")
    pump_until(lambda: last(connected, 3) == ["> hello", "< hello", ">"], timeout=PATIENCE)


def test_what_comes_appears_above_the_line_being_typed(
    connected: Screen, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    connected.type("half a li")
    pump_until(lambda: last(connected, 1) == ["> half a li"], timeout=PATIENCE)
    for number in range(3):
        echoes.broadcast(f"news {number}")
    echoes.broadcast(b"\x00\xff")
    expected = ["< news 0", "< news 1", "< news 2", "<0x 00ff"]
    pump_until(lambda: last(connected, 5) == [*expected, "> half a li"], timeout=PATIENCE)
    connected.type("ne\r")
    pump_until(
        lambda: last(connected, 7) == [*expected, "> half a line", "< half a line", ">"], timeout=PATIENCE
    )


def test_a_line_longer_than_the_screen_makes_room_too(
    connected: Screen, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    connected.type("x" * 100)
    pump_until(lambda: last(connected, 2) == ["> " + "x" * 78, "x" * 22], timeout=PATIENCE)
    echoes.broadcast("news")
    pump_until(lambda: last(connected, 3) == ["< news", "> " + "x" * 78, "x" * 22], timeout=PATIENCE)
    connected.type("\r")
    rows = ["> " + "x" * 78, "| " + "x" * 22, "< " + "x" * 78, "| " + "x" * 22, ">"]
    pump_until(lambda: last(connected, 6) == ["< news", *rows], timeout=PATIENCE)


def test_a_flood_leaves_the_line_alone(connected: Screen, echoes: tkws.HTTPServer, pump_until: Any) -> None:
    connected.type("draft")
    pump_until(lambda: last(connected, 1) == ["> draft"], timeout=PATIENCE)
    for number in range(2000):
        echoes.broadcast(str(number))
    pump_until(lambda: last(connected, 3) == ["< 1998", "< 1999", "> draft"], timeout=PATIENCE)
    shown = [line for line in connected.text.replace("\r", "\n").split("\n") if "draft" in line]
    assert len(shown) < 1000, "the line is not drawn again for each message"


def test_lines_come_back_also_in_the_next_run(
    connected: Screen, sit: Sit, echoes: tkws.HTTPServer, pump_until: Any, tmp_path: Path
) -> None:
    connected.type("one\r")
    pump_until(lambda: last(connected, 1) == [">"] and "< one" in connected.display, timeout=PATIENCE)
    connected.type('{"token": "s3cret"}\r')
    pump_until(lambda: '< {"token": "s3cret"}' in connected.display, timeout=PATIENCE)
    pump_until(lambda: last(connected, 1) == [">"], timeout=PATIENCE)
    connected.type(UP)
    pump_until(lambda: last(connected, 1) == ['> {"token": "s3cret"}'], timeout=PATIENCE)
    connected.type(UP)
    pump_until(lambda: last(connected, 1) == ["> one"], timeout=PATIENCE)
    connected.type(CTRL_C)
    pump_until(lambda: connected.over, timeout=PATIENCE)
    file = tmp_path / "tkws" / "lines.jsonl"
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == ["one"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = sit(echoes.url, "--no-gui")
    pump_until(lambda: last(again, 1) == [">"], timeout=PATIENCE)
    again.type(UP)
    pump_until(lambda: last(again, 1) == ["> one"], timeout=PATIENCE)


def test_several_lines_that_are_pasted_are_one_message(connected: Screen, pump_until: Any) -> None:
    connected.type("\x1b[200~{\n}\x1b[201~")
    pump_until(lambda: "{" in connected.display[-2], timeout=PATIENCE)
    connected.type("\r")
    pump_until(lambda: last(connected, 5) == ["> {", "| }", "< {", "| }", ">"], timeout=PATIENCE)


def test_a_command_is_completed_and_says_what_it_found(connected: Screen, pump_until: Any) -> None:
    connected.type(f"/pi{TAB}hi")
    pump_until(lambda: last(connected, 1) == ["> /ping hi"], timeout=PATIENCE)
    connected.type("\r")
    pump_until(lambda: "Pong after " in last(connected, 2)[0], timeout=PATIENCE)
    assert last(connected, 2)[0].endswith(" ms")
    connected.type("/pin\r")
    pump_until(
        lambda: "Unknown command /pin: did you mean /ping? //pin sends it as text" in connected.display,
        timeout=PATIENCE,
    )
    connected.type("/zzz\r")
    pump_until(lambda: connected.shows("Unknown command /zzz; there are /send, /ping, "), timeout=PATIENCE)
    connected.type(f"/s{TAB}{TAB}")
    pump_until(lambda: any("/save" in row and "/stats" in row for row in connected.display), timeout=PATIENCE)


def test_return_in_an_empty_line_sends_nothing(
    connected: Screen, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    connected.type("\r/send\rend\r")
    pump_until(lambda: "< end" in connected.display, timeout=PATIENCE)
    assert [row for row in connected.display if row.startswith("<")] == ["<", "< end"]


def test_the_end_of_the_input_closes_and_leaves_the_terminal_as_it_was(
    connected: Screen, pump_until: Any
) -> None:
    assert not connected.echoes, "a line is being edited"
    connected.type(CTRL_D)
    pump_until(lambda: connected.over, timeout=PATIENCE)
    assert connected.status == 0
    assert last(connected, 1) == ["Closed: 1000"]
    assert connected.echoes


@pytest.mark.parametrize("how", ["key", "signal", "server"])
def test_the_terminal_is_as_it_was_after_an_end_in_the_middle_of_a_line(
    connected: Screen, echoes: tkws.HTTPServer, pump_until: Any, how: str
) -> None:
    connected.type("half")
    pump_until(lambda: last(connected, 1) == ["> half"], timeout=PATIENCE)
    if how == "key":
        connected.type(CTRL_C)
    elif how == "signal":
        os.kill(connected.pid, signal.SIGINT)
    else:
        next(iter(echoes.connections)).close(4001, "enough")
    pump_until(lambda: connected.over, timeout=PATIENCE)
    assert connected.status == (3 if how == "server" else 130)
    assert last(connected, 1) == ["Closed: 4001 enough" if how == "server" else "Closed: 1001"]
    assert connected.echoes
    assert "Traceback" not in connected.text


def test_a_servers_terminal_has_commands(sit: Sit, start: Any, pump_until: Any) -> None:
    server = sit("serve", "--no-gui", "--port", "0", "--chat")
    pump_until(lambda: last(server, 1) == [">"], timeout=PATIENCE)
    url = server.display[0].split()[-1]
    clients: list[Running] = []
    for number in (1, 2):
        clients.append(start(url, "--no-gui", "--linger", "inf", "--ping-interval", "0"))
        pump_until(lambda number=number: server.shows(f"#{number} 127.0.0.1:"), timeout=PATIENCE)
        pump_until(lambda: last(server, 1) == [">"], timeout=PATIENCE)
    server.type("for all\r/send 2 for two\r")
    pump_until(
        lambda: clients[0].said("for all\n") and clients[1].said("for all\nfor two\n"), timeout=PATIENCE
    )
    server.type("/clients\r/kick 3\r/kick\r/mode loud\r")
    pump_until(
        lambda: last(server, 2) == ["/mode: one of echo, chat, silent, not 'loud'", ">"], timeout=PATIENCE
    )
    for name in ("'3'", "''"):
        assert f"/kick: the name of a client (#1, #2), not {name}" in server.display
    assert [row.split()[0] for row in server.display if row.endswith("/, 0 in, 1 out")] == ["#1"]
    assert [row.split()[0] for row in server.display if row.endswith("/, 0 in, 2 out")] == ["#2"]
    server.type(f"/mode {TAB}")
    pump_until(lambda: sorted(last(server, 2)[0].split()) == ["chat", "echo", "silent"], timeout=PATIENCE)
    pump_until(lambda: last(server, 1) == ["> /mode"], timeout=PATIENCE)
    server.type("\x15/ping #1\r")
    pump_until(lambda: any(row.startswith("#1 Pong after ") for row in server.display), timeout=PATIENCE)
    server.type(f"/ki{TAB}#1 4003 not you\r")
    pump_until(lambda: clients[0].over, timeout=PATIENCE)
    assert b"Closed: 4003 not you" in clients[0].err
    server.type("/close 4004 all go\r")
    pump_until(lambda: clients[1].over and server.over, timeout=PATIENCE)
    assert b"Closed: 4004 all go" in clients[1].err
    assert server.status == 0
    assert server.echoes


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        ([], {"NO_COLOR": ""}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"NO_COLOR": ""}, False),
    ],
)
def test_colors_are_written_when_they_are_wanted(
    sit: Sit, echoes: tkws.HTTPServer, pump_until: Any, arguments: list[str], environment: Any, colored: bool
) -> None:
    screen = sit(echoes.url, "--no-gui", *arguments, environment=environment)
    pump_until(lambda: last(screen, 1) == [">"], timeout=PATIENCE)
    screen.type("hello\r")
    pump_until(lambda: last(screen, 3) == ["> hello", "< hello", ">"], timeout=PATIENCE)
    assert ("\x1b[32m< \x1b[mhello" in screen.text) is colored
    assert ("\x1b[2mConnected" in screen.text) is colored
