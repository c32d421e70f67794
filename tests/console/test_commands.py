"""Commands that begin with a slash: read, listed, completed, refused; and the history of lines."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tkws.console.terminal.commands import Command, Commands, read_close
from tkws.console.terminal.linehistory import LineHistory


class Table:
    """A table of commands, and what was asked of it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.commands = Commands(
            [
                Command("ping", "[TEXT]", "send a ping", lambda rest: self.heard.append(("ping", rest))),
                Command("kick", "CLIENT", "close it", lambda rest: self.heard.append(("kick", rest)),
                    lambda: ["#1", "#12", "#2"]),
                Command("help", "", "show this", lambda rest: self.heard.append(("help", rest))),
            ],
            lambda line: self.heard.append(("send", line)),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "heard"),
    [
        ("hello", ("send", "hello")),
        ("", ("send", "")),
        (" /ping", ("send", " /ping")),
        ("//ping", ("send", "/ping")),
        ("//", ("send", "/")),
        ("/ping", ("ping", "")),
        ("/ping  a  b ", ("ping", "a  b")),
        ("/kick #1", ("kick", "#1")),
    ],
)
def test_a_line_is_a_command_or_is_sent(line: str, heard: tuple[str, str]) -> None:
    table = Table()
    table.commands.run(line)
    assert table.heard == [heard]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/pin", "Unknown command /pin: did you mean /ping? //pin sends it as text"),
        ("/zzz 1", "Unknown command /zzz; there are /ping, /kick, /help; //zzz sends it as text"),
        ("/", "Unknown command /; there are /ping, /kick, /help; // sends it as text"),
        ("/PING", "Unknown command /PING: did you mean /ping? //PING sends it as text"),
    ],
)
def test_an_unknown_command_is_told_with_those_that_there_are(line: str, said: str) -> None:
    table = Table()
    with pytest.raises(ValueError, match="^Unknown") as refused:
        table.commands.run(line)
    assert str(refused.value) == said
    assert table.heard == []


def test_the_help_has_a_line_for_each() -> None:
    assert Table().commands.help() == [
        "/ping [TEXT]  send a ping",
        "/kick CLIENT  close it",
        "/help         show this",
        "//...         send a line that begins with /",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("pi", []),
        ("/", ["/ping ", "/kick ", "/help"]),
        ("/pi", ["/ping "]),
        ("/kick ", ["#1", "#12", "#2"]),
        ("/kick #1", ["#1", "#12"]),
        ("/kick #1 ", []),
        ("/ping ", []),
        ("/zzz ", []),
        ("//ki", []),
    ],
)
def test_commands_and_their_first_word_are_completed(line: str, words: list[str]) -> None:
    assert Table().commands.complete(line) == words


def test_a_close_code_is_a_number() -> None:
    assert read_close("close", "") == (1000, "")
    assert read_close("close", "4001") == (4001, "")
    assert read_close("close", "4001 not  you") == (4001, "not  you")
    for text in ("x", "4001x", "-1", "²", "1e3 why"):
        with pytest.raises(ValueError, match="^/kick: a close code as a number, not "):
            read_close("kick", text)


def test_lines_are_kept_in_order_and_by_themselves(tmp_path: Path) -> None:
    history = LineHistory(tmp_path / "folder" / "lines.jsonl")
    assert history.load() == []
    lines = ["one", "two\nlines", "Grüße \ud800", "\u2028 ", "/ping"]
    for line in [*lines[:2], "password=1", *lines[2:], '{"token": 1}']:
        history.add(line)
    assert LineHistory(tmp_path / "folder" / "lines.jsonl").load() == lines
    if sys.platform != "win32":
        assert stat.S_IMODE(os.stat(tmp_path / "folder" / "lines.jsonl").st_mode) == 0o600


def test_the_oldest_lines_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(str(number))}\n" for number in range(2001)), encoding="utf-8")
    assert LineHistory(path).load() == [str(number) for number in range(1001, 2001)]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1000


def test_a_history_that_is_damaged_or_cannot_be_had_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'"one"\n\xff\n[1]\n{"a"\n"two"\n')
    assert LineHistory(path).load() == ["one", "two"]
    nowhere = LineHistory(tmp_path / "lines.jsonl" / "below")
    nowhere.add("three")
    assert nowhere.load() == []
