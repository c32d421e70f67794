"""Several watches read a log at once, each row once, and keep their marks and counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tkws.console.log.log import Direction, Log
from tkws.console.text.fields import parse
from tkws.console.watch.conditions import Line
from tkws.console.watch.kinds import GAP, PATTERN, SILENCE
from tkws.console.watch.watches import Watches

FOREVER = 1e9


def say(log: Log, *payloads: Any, when: float = 100.0) -> None:
    for payload in payloads:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        log.add(Direction.IN, "text", text, when=when)


@pytest.fixture
def told() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def watches(log: Log, told: list[tuple[str, int]]) -> Watches:
    return Watches(log, lambda watch, alert: told.append((watch.condition.label, alert.number)))


def test_rows_that_were_there_and_new_ones_are_marked(log: Log, watches: Watches, told: Any) -> None:
    say(log, "good", "bad")
    watch = watches.add(PATTERN.make("bad"))
    assert watches.advance(FOREVER)
    say(log, "bad", "good", "bad")
    assert watches.advance(FOREVER)
    assert watches.marks == {1, 2, 4}
    assert (watch.count, watches.count) == (3, 3)
    assert watch.last is not None
    assert watch.last.number == 4
    assert told == [("bad", 1), ("bad", 4)]


def test_a_message_is_parsed_once_for_all(
    log: Log, watches: Watches, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def count(payload: Any) -> Any:
        parsed.append(payload)
        return parse(payload)

    monkeypatch.setattr("tkws.console.watch.watches.parse", count)
    gaps = [watches.add(GAP.make(name)) for name in ("a", "b")]
    say(log, {"a": 1, "b": 1}, {"a": 2, "b": 3})
    watches.advance(FOREVER)
    assert [watch.count for watch in gaps] == [0, 1]
    assert len(parsed) == 2


def test_a_watch_that_comes_later_reads_what_the_others_have_read(log: Log, watches: Watches) -> None:
    first = watches.add(PATTERN.make("x"))
    say(log, *["x"] * 300)
    watches.advance(FOREVER)
    second = watches.add(PATTERN.make("x"))
    say(log, *["x"] * 300)
    assert not watches.advance(0.0), "a bit at a time"
    assert watches.advance(FOREVER)
    assert [first.count, second.count] == [600, 600]


def test_what_no_row_tells_is_added_as_a_marked_note(log: Log, watches: Watches, told: Any) -> None:
    watch = watches.add(SILENCE.make("5"))
    watches.check(100.0)  # not connected
    watches.line = lambda: Line(is_open=True)
    for now in (100.0, 104.0, 105.5, 300.0):
        watches.check(now)
    (row,) = log.rows
    assert (row.direction, row.type, row.time, row.payload) == (
        Direction.NOTE,
        "watch",
        105.5,
        "silence of 5 s: nothing for 5 s",
    )
    assert watches.marks == {0}
    assert watch.count == 1
    assert told == [("silence of 5 s", 0)]


def test_nothing_is_checked_before_all_rows_are_read(log: Log, watches: Watches) -> None:
    watches.line = lambda: Line(is_open=True)
    watches.add(SILENCE.make("5"))
    watches.check(100.0)
    say(log, "late to be read", when=104.0)
    watches.check(106.0)
    watches.advance(FOREVER)
    watches.check(106.0)
    assert watches.count == 0


def test_a_log_that_is_cleared_or_drops_rows_is_read_on(watches: Watches, told: Any) -> None:
    log = Log(capacity=100)
    short = Watches(log, lambda *_: None)
    watch = short.add(PATTERN.make("x"))
    say(log, *["x"] * 250)
    assert short.advance(FOREVER)
    assert watch.count == len(log.rows)
    log.clear()
    assert short.advance(FOREVER)
    say(log, "x")
    assert short.advance(FOREVER)
    assert watch.last is not None
    assert watch.last.number == 250


def test_marks_of_rows_that_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tkws.console.watch.watches._SLACK", 10)
    log = Log(capacity=100)
    watches = Watches(log, lambda *_: None)
    watch = watches.add(PATTERN.make("x"))
    for _ in range(50):
        say(log, *["x"] * 50)
        watches.advance(FOREVER)
    assert watch.count == 2500
    assert len(watches.marks) <= 116 + 50


def test_a_watch_that_is_removed_reads_no_more(log: Log, watches: Watches) -> None:
    watch = watches.add(PATTERN.make("x"))
    watches.remove(watch)
    say(log, "x")
    assert watches.advance(FOREVER)
    watches.check(1e9)
    assert (watch.count, watches.all, watches.marks) == (0, [], set())
