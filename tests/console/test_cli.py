"""The command line as a program: pipes, exit statuses, sentences."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, REPOSITORY, Start
from tkws.console import cli

pytestmark = pytest.mark.slow


def test_a_pipe_is_sent_line_by_line_and_the_answers_are_printed(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    program = start(echoes.url, "--no-gui")
    program.type("one\n/two\n\nGrüße\nwithout an end")
    program.end_input()
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (0, "one\n/two\n\nGrüße\nwithout an end\n")
    assert b"Connected to ws://" in program.err


@pytest.mark.slow
def test_debug_logs_every_frame_to_standard_error(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    program = start(echoes.url, "--no-gui", "--debug")
    program.type("one\n")
    program.end_input()
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (0, "one\n")
    for words in (
        b"INFO  tkws.client [",
        b"opening ws://",
        b'> TEXT fin masked 3 bytes: "one"',
        b"-> ENDED by",
    ):
        assert words in program.err


def test_a_long_pipe_comes_back_whole(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any, tmp_path: Path
) -> None:
    lines = "".join(f"{number:0100d}\n" for number in range(20_000))
    (tmp_path / "lines").write_text(lines, encoding="utf-8")
    with open(tmp_path / "lines", encoding="utf-8") as file:
        program = start(echoes.url, "--no-gui", "--quiet", stdin=file)
        pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (0, lines)
    assert program.err == b""


def test_json_tells_everything(start: Start, echoes: tkws.HTTPServer, pump_until: Any) -> None:
    program = start(echoes.url, "--no-gui", "--json")
    program.type("hello\n")
    program.end_input()
    pump_until(lambda: program.over, timeout=PATIENCE)
    rows = [json.loads(line) for line in program.out.splitlines()]
    assert [(row["direction"], row["type"]) for row in rows] == [
        ("note", "open"),
        ("note", "connect"),
        ("out", "text"),
        ("in", "text"),
        ("note", "close"),
        ("note", "disconnect"),
    ]


@pytest.mark.parametrize(("said", "status"), [("close", 3), ("drop", 3)])
def test_a_connection_that_ends_otherwise_is_told_by_the_status(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any, said: str, status: int
) -> None:
    program = start(echoes.url, "--no-gui", "--linger", "inf")
    program.type(f"{said}\n")
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.process.returncode == status
    assert b"Closed: " in program.err


def test_a_server_that_is_not_there_is_told(start: Start, pump_until: Any) -> None:
    program = start("ws://127.0.0.1:1/", "--no-gui")
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (1, "")
    assert b"Connection refused" in program.err


def test_commands_are_carried_out(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any, tmp_path: Path
) -> None:
    file, saved, whole = tmp_path / "file", tmp_path / "saved.jsonl", tmp_path / "whole.jsonl"
    file.write_bytes(bytes(300_000))
    program = start(echoes.url, "--no-gui", "--commands", "--linger", "inf")
    program.type(
        f"hello\n//slash\n/binary 00 ff\n/base64 AQI=\n/nothing\n/binary xy\n/file {file}\n/ping hi\n"
    )
    pump_until(lambda: program.said("00" * 300_000), timeout=PATIENCE)
    program.type(f"/stats\n/save {saved}\n/replay {saved} 0\n")
    pump_until(lambda: program.said("Saved ") and program.out.count(b"/slash") == 2, timeout=PATIENCE)
    program.type(f"/replay {saved} fast\n/replay {saved} -1\n/replay {saved} nan\n")
    program.type(f"/save {whole}\n/help\n/close x\n/close 4000 enough\n")
    pump_until(lambda: program.over, timeout=PATIENCE)
    lines = program.out.decode().splitlines()
    assert lines[:4] == ["hello", "/slash", "00ff", "0102"]
    assert lines[5:] == ["hello", "/slash", "00ff", "0102"]
    for sentence in (
        b"Unknown command /nothing",
        b"Not hex",
        b"messages sent        5\n",
        b"/replay PATH",
        b"/replay: a speed of 0 or more, not 'fast'",
        b"/replay: a speed of 0 or more, not '-1'",
        b"/replay: a speed of 0 or more, not 'nan'",
        b"/close: a close code as a number, not 'x'",
    ):
        assert sentence in program.err
    assert program.process.returncode == 3
    assert '"type": "pong"' in whole.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_ctrl_c_closes_in_good_order(start: Start, echoes: tkws.HTTPServer, pump_until: Any) -> None:
    program = start(echoes.url, "--no-gui")
    pump_until(lambda: program.said("Connected"), timeout=PATIENCE)
    program.process.send_signal(signal.SIGINT)
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (130, "")
    assert b"Closed: 1001" in program.err
    assert b"Traceback" not in program.err


def test_an_output_that_is_closed_ends_it_quietly(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any
) -> None:
    program = start(echoes.url, "--no-gui", "--quiet", "--linger", "inf")
    program.type("one\n")
    pump_until(lambda: program.said("one"), timeout=PATIENCE)
    assert program.process.stdout is not None
    program.process.stdout.close()
    program.process.stdout = None
    program.type("two\n")
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert (program.process.returncode, program.err) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
@pytest.mark.parametrize(("mode", "heard"), [("--echo", [True, False]), ("--chat", [False, True])])
def test_a_server_answers_and_tells(start: Start, pump_until: Any, mode: str, heard: list[bool]) -> None:
    server = start("serve", "--port", "0", "--no-gui", mode)
    pump_until(lambda: server.said("Listening at "), timeout=PATIENCE)
    url = server.err.decode().split()[2]
    clients = [start(url, "--no-gui") for _ in range(2)]
    pump_until(lambda: server.said("#1 ") and server.said("#2 "), timeout=PATIENCE)
    pump_until(lambda: all(client.said("Connected") for client in clients), timeout=PATIENCE)
    clients[0].type("hello\n")
    pump_until(lambda: any(client.said("hello") for client in clients), timeout=PATIENCE)
    server.type("news for all\n")
    pump_until(lambda: all(client.said("news for all") for client in clients), timeout=PATIENCE)
    assert [client.said("hello") for client in clients] == heard
    server.process.send_signal(signal.SIGINT)
    pump_until(lambda: server.over and all(client.over for client in clients), timeout=PATIENCE)
    assert server.process.returncode == 0
    assert b"hello" in server.out
    assert [client.process.returncode for client in clients] == [0, 0]


def test_an_address_that_is_taken_is_told(start: Start, echoes: tkws.HTTPServer, pump_until: Any) -> None:
    program = start("serve", "--no-gui", "--port", str(echoes.port))
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.result == (1, "")
    assert f"cannot listen on 127.0.0.1:{echoes.port}: Address already in use".encode() in program.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-gui"], "an address is needed"),
        (["--header", "A: 1"], "--header: give the URL too"),
        (["--insecure"], "--insecure: give the URL too"),
        (["ftp://host/", "--no-gui"], "ftp"),
        (["ws://host/", "--no-gui", "--header", "nonsense"], "Header 1: 'Name: value', not 'nonsense'"),
        (["wss://host/", "--no-gui", "--ca", "/nowhere"], "--ca: an existing PEM file, not /nowhere"),
        (
            ["ws://host/", "--no-gui", "--timeout", "soon"],
            "--timeout: seconds of 0 or more, at most 1e+09, not soon",
        ),
        (["ws://host/", "--no-gui", "--ping-interval", "1e300"], "--ping-interval: seconds of 0 or more"),
        (["ws://host/", "--no-gui", "--linger", "1e10"], "--linger: seconds of 0 or more"),
        (
            ["ws://host/", "--no-gui", "--linger", "-1"],
            "--linger: seconds of 0 or more, at most 1e+09, not -1",
        ),
        (["serve", "--no-gui", "--key", "x"], "--key: give --cert too"),
        (
            ["serve", "--no-gui", "--cert", "/nowhere"],
            "--cert: a PEM file with a certificate, not /nowhere: ",
        ),
        (["serve", "--echo", "--chat"], "not allowed with"),
    ],
)
def test_a_mistake_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["--version"]])
def test_help_is_given(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    assert "tkws" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("started", "program"),
    [
        ("/usr/bin/tkws", "tkws"),
        (r"tkws.exe", "tkws"),
        ("/usr/lib/python3/tkws/__main__.py", "python -m tkws"),
        ("/usr/bin/pytest", "python -m tkws"),
        ("", "python -m tkws"),
    ],
)
def test_the_help_names_the_program_as_it_was_started(
    started: str, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    for verb in ("", "serve", "between", "doctor"):
        with pytest.raises(SystemExit):
            cli.main([*verb.split(), "--help"])
        assert capsys.readouterr().out.startswith(f"usage: {program} {verb}".rstrip() + " [-h]")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert f"see '{program} serve --help'" in capsys.readouterr().out


def test_tkws_itself_imports_nothing_of_it() -> None:
    program = (
        "import sys, tkws; print([name for name in sys.modules if 'console' in name or 'argparse' in name])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert result.stdout == "[]\n"
