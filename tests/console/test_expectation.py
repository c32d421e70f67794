"""What a script expects: the counting by itself, and programs that are started by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, Running, Start
from tkws.console.terminal.expectation import Expectation
from tkws.console.terminal.status import Status
from tkws.console.text.payload import json_rpc_request


def test_it_counts_what_matches() -> None:
    expectation = Expectation("^t", 2, 1.0)
    assert not expectation.is_met
    assert [expectation.note(word) for word in ("two", "one", "ten", "three")] == [False, False, True, False]
    assert expectation.is_met
    assert str(expectation) == "2 of 2 messages matched '^t'"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("(", 1, 1.0), "^--expect: a regular expression, not '\\('"), (("x", 0, 1.0), "^--count: 1")],
)
def test_what_is_no_expectation_is_refused(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Expectation(*arguments)


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("add", None),
        ("add [1, 2]", [1, 2]),
        (" add  1, 2 ", [1, 2]),
        ('add "x"', ["x"]),
        ('add {"a": [1]}', {"a": [1]}),
        ("add null", [None]),
        ("add []", []),
    ],
)
def test_a_line_is_a_request(line: str, params: Any) -> None:
    expected = {"jsonrpc": "2.0", "id": 7, "method": "add"} | ({} if params is None else {"params": params})
    assert tkws.JSON.decode(json_rpc_request(line, 7)) == expected


@pytest.mark.parametrize("line", ["add {x", "add 1 2", "add ]", 'add {"a": 1} 2'])
def test_parameters_that_are_not_json_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="^add: its parameters as JSON"):
        json_rpc_request(line, 1)


def finish(start: Callable[..., Running], pump_until: Any, typed: str, *arguments: str) -> Running:
    program = start(*arguments)
    program.type(typed)
    program.end_input()
    pump_until(lambda: program.over, timeout=PATIENCE)
    return program


@pytest.mark.slow
@pytest.mark.parametrize("form", [(), ("--json",), ("--quiet", "--reconnect")], ids=lambda form: form[:1])
def test_it_ends_when_all_have_come(
    start: Start, echoes: tkws.HTTPServer, pump_until: Any, form: tuple[str, ...]
) -> None:
    program = finish(
        start, pump_until, "one\ntwo\nten\n", echoes.url, "--expect", "^t", "--count", "2", *form
    )
    assert program.process.returncode == Status.CLEAN
    assert b"ten" in program.out


@pytest.mark.slow
def test_it_says_what_did_not_come_in_time(start: Start, echoes: tkws.HTTPServer, pump_until: Any) -> None:
    program = finish(
        start, pump_until, "two\n", echoes.url, "--expect", "^t", "--count", "2", "--within", "1"
    )
    assert program.process.returncode == Status.UNMET
    assert b"1 of 2 messages matched '^t'" in program.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "status"),
    [("one\nclose\n", Status.UNMET), ("drop\n", Status.UNMET)],
)
def test_a_connection_may_end_first(
    start: Start,
    echoes: tkws.HTTPServer,
    pump_until: Any,
    typed: str,
    status: Status,
) -> None:
    program = finish(start, pump_until, typed, echoes.url, "--expect", "^t", "--within", "inf")
    assert program.process.returncode == status


@pytest.mark.slow
def test_a_connection_that_cannot_be_opened_has_its_own_status(start: Start, pump_until: Any) -> None:
    program = finish(start, pump_until, "", "127.0.0.1:1", "--expect", "x", "--within", "5")
    assert program.process.returncode == Status.FAILED


@pytest.mark.slow
def test_lines_become_requests(start: Start, root: Any, pump_until: Any) -> None:
    rpc = tkws.JSONRPC()
    rpc.method("add")(lambda ws, a, b: a + b)
    server = tkws.serve(master=root, handler=rpc)
    program = finish(
        start,
        pump_until,
        "add 1, 2\n\nadd {x\nadd [3, 4]\n",
        server.url,
        "--jsonrpc",
        "--expect",
        "7",
        "--quiet",
    )
    assert program.result == (0, '{"jsonrpc":"2.0","id":1,"result":3}\n{"jsonrpc":"2.0","id":2,"result":7}\n')
    assert b"add: its parameters as JSON" in program.err
