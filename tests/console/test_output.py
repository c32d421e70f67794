"""On a terminal what a peer says does nothing, hides nothing and forges nothing; a pipe gets it as it is."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

import tkws
from tests.console.terminals import Screen
from tkws.console import cli
from tkws.console.terminal.output import Output
from tkws.testing import ScriptedServer

REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
HARMFUL = [
    "\x1b]0;owned\x07",
    "\x1b[?1049h\x1b[6n",
    "\x9b6n\x90+q\x9c",
    "a\rb\bc\x7f\tz\0",
    "x\u2028y\u2029z\x85w",
    "\u202eevil\u2066\u200f\u061c",
    "\u200bz\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164",
    "\ufe0f\U000e0041\U000e0101\ue000\U0010ffff",
]


class Typewriter(io.StringIO):
    """A terminal of some width; it forgets nothing."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """``wide(columns)`` sets the width of each `Typewriter`."""
    return lambda columns: monkeypatch.setattr(Output, "_columns", lambda self: columns)


def written(text: str, **options: Any) -> str:
    file = Typewriter()
    Output(file).write(text, **options)
    return file.getvalue()


@pytest.mark.parametrize("text", [*HARMFUL, "a\nb", "Grüße, 世界 👩‍🚀", "trailing \n"])
def test_a_pipe_gets_everything_as_it_is(text: str) -> None:
    file = io.StringIO()
    Output(file).write(text, name="#1", mark="< ")
    assert file.getvalue() == f"#1 {text}\n"


@pytest.mark.slow
def test_no_character_reaches_a_terminal_that_is_not_seen_there() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = written(every, mark="< ").replace("\n", "")
    seen = {char for char in every if unicodedata.category(char) not in REFUSED}
    assert not {char for char in set(shown) if unicodedata.category(char) in REFUSED}
    assert not set(
        "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\ufe00\ufe0f\U000e0100"
    ) & set(shown)
    assert len(set(shown)) > 0.99 * len(seen), "what can be seen is left as it is"


@pytest.mark.parametrize("text", HARMFUL)
def test_what_cannot_be_seen_is_escaped(text: str) -> None:
    shown = written(text)
    assert shown.endswith("\n")
    assert shown[:-1].isprintable()
    assert shown[:-1].encode("latin-1", "backslashreplace").decode("unicode-escape") == text


def test_letters_are_left_as_they_are() -> None:
    text = "Grüße, 世界, שָׁלוֹם, e\u0301, 👋🏽 \\n"
    assert written(text) == f"{text}\n"


def test_every_row_of_a_terminal_is_marked() -> None:
    assert written("a\nb\r\n\nc\n", mark="< ") == "< a\n| b\\r\n| \n| c\n| \n"
    assert written("a\n#2 < b", name="#1", mark="< ") == "#1 < a\n#1 | #2 < b\n"
    assert written("failed\nServer: x") == "failed\n| Server: x\n"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x" * 45, ["< " + "x" * 18, "| " + "x" * 18, "| " + "x" * 9]),
        ("x" * 18, ["< " + "x" * 18]),
        ("世" * 10, ["< " + "世" * 9, "| 世"]),
        ("x" + "世" * 9, ["< x" + "世" * 8, "| 世"]),
        ("e\u0301" * 19, ["< " + "e\u0301" * 18, "| e\u0301"]),
        ("\x1b" * 6, ["< " + "\\x1b" * 4 + "\\x", "| 1b\\x1b"]),
        ("é" * 17 + " #2 < b", ["< " + "é" * 17 + " ", "| #2 < b"]),
    ],
)
def test_a_long_line_is_broken_with_a_mark(wide: Any, text: str, rows: list[str]) -> None:
    wide(20)
    assert written(text, mark="< ") == "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize("columns", [0, 8, 11])
def test_a_terminal_with_no_room_or_no_width_breaks_lines_itself(wide: Any, columns: int) -> None:
    wide(columns)
    assert written("x" * 100, mark="< ") == f"< {'x' * 100}\n"


def test_a_heap_of_marks_is_not_drawn_over_other_rows() -> None:
    assert written("\u0338a", mark="< ") == "< \\u0338a\n"
    assert written("a" + "\u0300" * 50) == "a" + "\u0300" * 4 + "\\u0300" * 46 + "\n"


@pytest.mark.parametrize("text", [*HARMFUL, "a\nb", "世界"])
def test_json_stays_json_and_is_seen(text: str) -> None:
    file = Typewriter()
    Output(file).write_json(json.dumps({"text": text}, ensure_ascii=False))
    assert file.getvalue()[:-1].isprintable()
    assert json.loads(file.getvalue()) == {"text": text}
    pipe = io.StringIO()
    Output(pipe).write_json('{"text": "\x7f\u202e"}')
    assert pipe.getvalue() == '{"text": "\x7f\u202e"}\n'


def test_what_the_encoding_lacks_is_escaped() -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="ascii"))
    output.write("Grüße, 世")
    output.flush()
    assert raw.getvalue().split() == [rb"Gr\xfc\xdfe,", rb"\u4e16"]


# ---- the programs, on a terminal


@pytest.fixture
def start() -> Iterator[Callable[..., Screen]]:
    if sys.platform == "win32":
        pytest.skip("no pseudo-terminals")
    started: list[Screen] = []

    def start(*arguments: str, columns: int = 80) -> Screen:
        started.append(Screen(*arguments, columns=columns))
        return started[-1]

    yield start
    for screen in started:
        screen.clear()


@pytest.mark.slow
def test_nothing_that_a_server_says_reaches_a_terminal_raw(start: Any, root: Any, pump_until: Any) -> None:
    heard: list[Any] = []

    def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            for text in HARMFUL:
                ws.send(text)
            ws.send("first\nsecond")
        elif type == "text":
            heard.append(message)
            ws.close(4000, "\x1b[6n\r\nforged\u202e")

    server = tkws.serve(master=root, handler=on_event)
    screen = start(server.url, "--no-gui")
    pump_until(lambda: screen.shows("| second"))
    screen.type("typed\n")
    pump_until(lambda: screen.over)
    assert heard == ["typed"], "no answer of the terminal's comes with it"
    assert all(line.isprintable() for line in screen.lines)
    assert {"< \\x1b[?1049h\\x1b[6n", "< first", "| second"} <= set(screen.lines)
    assert "Closed: 4000 \\x1b[6n\\r" in screen.lines
    assert "| forged\\u202e" in screen.lines


def never_played(peer: Any) -> Generator[float | None, Any, None]:
    yield None


@pytest.mark.slow
def test_an_answer_that_refuses_does_nothing_to_a_terminal(start: Any, root: Any, pump_until: Any) -> None:
    body = "\x1b[2J\x9b1mbody\nConnected to ws://bank/".encode()
    head = (
        b"HTTP/1.1 403 N\xe9 \x9b2J\r\nX-Name: \xc2\x9b31m\xe2\x80\xae\r\nContent-Length: %d\r\n\r\n"
        % len(body)
    )
    server = ScriptedServer(never_played, master=root, answer=head + body)
    screen = start(server.url, "--no-gui")
    pump_until(lambda: screen.over)
    server.close()
    assert all(line.isprintable() for line in screen.lines)
    assert "| Connected to ws://bank/" in screen.lines


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 0])
def test_no_client_forges_a_line_of_another(start: Any, root: Any, pump_until: Any, columns: int) -> None:
    screen = start("serve", "--no-gui", "--port", "0", columns=columns)
    pump_until(lambda: screen.shows("Listening at"))
    url = next(line.split()[-1] for line in screen.lines if "Listening at" in line)
    clients = [tkws.open(url, lambda *_: None, master=root, proxy=None) for _ in range(2)]
    pump_until(lambda: all(client.state is tkws.State.OPEN for client in clients))
    clients[0].send("hello\n#2 < forged\r#2 < forged")
    if columns:
        clients[0].send("pad" + " " * (columns - len("#1 < pad")) + "#2 < forged")
    for text in HARMFUL:
        clients[0].send(text)
    clients[0].send("end")
    pump_until(lambda: screen.shows("#1 < end"))
    for client in clients:
        client.close(4001, "\x1b[6n\n#2 < forged")
    pump_until(lambda: screen.text.count("\\x1b[6n") >= 3)
    assert all(line.isprintable() for line in screen.lines)
    assert not [row for row in screen.rows if row.startswith("#2 < ")]


def test_words_of_the_command_line_do_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["--no-gui", "ws://h\x1b[6n/"],
        ["--\x1b[6n"],
        ["ws://h/", "--ca", "\x1b\n"],
        ["serve", "\u202e"],
    ):
        with pytest.raises(SystemExit):
            cli.main(words)
        said = capsys.readouterr().err
        assert said.replace("\n", "").isprintable(), words
