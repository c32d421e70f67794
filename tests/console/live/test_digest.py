"""Messages are read once, a bit at a time, by whoever shows them."""

from __future__ import annotations

from typing import Any

from tkws.console.live.digest import Digest
from tkws.console.live.suggest import fields_of, likely_key, likely_value, numeric_fields
from tkws.console.log.log import Direction, Log, Row
from tkws.console.log.view import Filter, View

LONG_ENOUGH = 60.0  # seconds


class Numbers:
    """A reader that remembers what it got."""

    def __init__(self) -> None:
        self.got: list[int] = []

    def add(self, row: Row, fields: Any) -> None:
        assert fields["n"] == row.number
        self.got.append(row.number)

    def reset(self) -> None:
        self.got.clear()


def fed(count: int) -> tuple[Log, View, Digest]:
    log = Log(capacity=1000)
    view = View(log)
    digest = Digest(view)
    add(log, view, count)
    return log, view, digest


def add(log: Log, view: View, count: int) -> None:
    for _ in range(count):
        log.add(Direction.IN, "text", f'{{"n": {log.next}}}')
    view.advance(LONG_ENOUGH)


def test_a_reader_gets_what_is_there_and_what_comes() -> None:
    log, view, digest = fed(3)
    reader = Numbers()
    assert digest.advance(LONG_ENOUGH)
    digest.attach(reader)
    assert digest.advance(LONG_ENOUGH)
    assert reader.got == [0, 1, 2]
    add(log, view, 2)
    late = Numbers()
    digest.attach(late)
    assert digest.advance(LONG_ENOUGH)
    assert reader.got == late.got == [0, 1, 2, 3, 4]
    digest.detach(late)
    digest.detach(late)
    add(log, view, 1)
    digest.advance(LONG_ENOUGH)
    assert (reader.got[-1], late.got[-1]) == (5, 4)


def test_only_messages_of_json_are_handed_on() -> None:
    log, view, digest = fed(1)
    log.add(Direction.NOTE, "error", '{"n": 9}')
    log.add(Direction.IN, "text", "no JSON")
    add(log, view, 1)
    reader = Numbers()
    digest.attach(reader)
    digest.advance(LONG_ENOUGH)
    assert reader.got == [0, 3]


def test_it_reads_a_bit_at_a_time_and_each_message_once() -> None:
    _, _, digest = fed(1000)
    reader = Numbers()
    digest.attach(reader)
    steps = 1
    while not digest.advance(0.0):
        steps += 1
    assert steps > 10
    assert reader.got == list(range(1000))


def test_what_the_log_dropped_meanwhile_is_not_missed() -> None:
    log, view, digest = fed(10)
    reader = Numbers()
    digest.attach(reader)
    digest.advance(LONG_ENOUGH)
    add(log, view, 3000)
    while not digest.advance(LONG_ENOUGH):
        pass
    assert reader.got == [*range(10), *range(log.first, log.next)]


def test_a_change_of_the_filter_begins_anew() -> None:
    _, view, digest = fed(20)
    reader = Numbers()
    digest.attach(reader)
    digest.advance(LONG_ENOUGH)
    view.filter = Filter("n>=18")
    digest.reset()
    view.advance(LONG_ENOUGH)
    digest.advance(LONG_ENOUGH)
    assert reader.got == [18, 19]


def rows_of(*payloads: str) -> list[Row]:
    return [Row(number, 0.0, Direction.IN, "text", payload) for number, payload in enumerate(payloads)]


def test_the_likely_key_and_value_are_suggested() -> None:
    trades = [
        f'{{"type": "trade", "id": "t{n}", "symbol": "S{n % 5}", "time": {n}, "size": {n}, "price": "{n}.5"}}'
        for n in range(50)
    ]
    fields = fields_of(rows_of("hello", '{"type": "heartbeat"}', *trades))
    assert likely_key(fields) == ("symbol",)
    assert likely_value(fields, ("symbol",)) == ("price",)
    assert numeric_fields(fields) == [("time",), ("size",), ("price",)]
    assert likely_value(fields_of(rows_of('{"size": 1, "seq": 2.5}'))) == ("size",)


def test_nothing_is_suggested_where_nothing_is() -> None:
    assert likely_key(fields_of([])) is None
    assert likely_value({}) is None
    assert likely_key(fields_of(rows_of('{"a": "x"}', '{"a": "y"}'))) is None
