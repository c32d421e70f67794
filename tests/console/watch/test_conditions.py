"""What is watched for: silence, gaps, rates, latency, patterns; by a clock of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tkws.console.log.log import Direction, Row
from tkws.console.log.query import read_query
from tkws.console.text.fields import parse
from tkws.console.watch.conditions import Condition, Gap, Latency, Line, Pattern, Rate, Silence

OPEN = Line(is_open=True)
CLOSED = Line()


def message(number: int, when: float, payload: Any = "x", peer: str = "") -> Row:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Row(number, when, Direction.IN, "text", text, peer)


def note(type: str, when: float) -> Row:
    return Row(0, when, Direction.NOTE, type, "")


def read(condition: Condition, rows: Iterable[Row]) -> list[tuple[int, str]]:
    alerts = condition.read(list(rows), lambda row: parse(row.payload))
    return [(alert.number, alert.text) for alert in alerts]


def checks(condition: Condition, times: Iterable[float], line: Line = OPEN) -> list[tuple[float, str]]:
    return [(now, text) for now in times if (text := condition.check(now, line))]


# Silence


def test_a_silence_is_told_once_and_once_more_after_a_message() -> None:
    silence = Silence(5.0)
    assert checks(silence, [100, 104, 105]) == []
    assert checks(silence, [105.1, 106, 200]) == [(105.1, "nothing for 5 s")]
    assert read(silence, [message(0, 201)]) == [], "it was told"
    assert checks(silence, [202, 206, 206.1, 207]) == [(206.1, "nothing for 5 s")]


def test_messages_put_a_silence_off() -> None:
    silence = Silence(5.0)
    checks(silence, [0])
    for now in range(1, 40, 3):
        read(silence, [message(now, now)])
        assert checks(silence, [now, now + 2.9]) == []


def test_there_is_no_silence_without_a_connection() -> None:
    silence = Silence(5.0)
    assert checks(silence, range(100), CLOSED) == []
    read(silence, [note("connect", 100)])
    assert checks(silence, [100.2, 105, 105.3]) == [(105.3, "nothing for 5 s")]
    assert checks(silence, [106, 200], CLOSED) == []
    assert checks(silence, [300, 305]) == [], "a new connection has its time"
    assert checks(silence, [305.1]) == [(305.1, "nothing for 5 s")]


def test_a_silence_in_a_conversation_that_was_opened_marks_the_message_that_ended_it() -> None:
    silence = Silence(5.0)
    rows = [message(0, 10), message(1, 15), message(2, 21.5), note("close", 22), note("connect", 90)]
    assert read(silence, [*rows, message(3, 94)]) == [(2, "after 6.5 s")]


def test_a_conversation_that_is_opened_beside_a_connection_does_not_move_its_silence() -> None:
    silence = Silence(5.0)
    checks(silence, [1000])
    assert read(silence, [message(0, 10), message(1, 10.5)]) == []
    assert checks(silence, [1004, 1005.1]) == [(1005.1, "nothing for 5 s")]


def test_own_messages_and_pings_do_not_end_a_silence() -> None:
    silence = Silence(5.0)
    checks(silence, [0])
    sent = Row(0, 4, Direction.OUT, "text", "x")
    assert read(silence, [sent, Row(1, 4, Direction.IN, "ping", b"")]) == []
    assert checks(silence, [5.1]) == [(5.1, "nothing for 5 s")]


def test_a_clock_that_is_set_back_starts_the_time_again() -> None:
    silence = Silence(5.0)
    checks(silence, [1000])
    read(silence, [message(0, 1001)])
    assert checks(silence, [500, 504, 505.1]) == [(505.1, "nothing for 5 s")]


# Gaps


def numbered(*numbers: Any, **fields: Any) -> list[Row]:
    return [message(at, at, {"n": number, **fields}) for at, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("numbers", "alerts"),
    [
        ([1, 2, 3], []),
        ([7, 8, 12, 13], [(2, "12 after 8, 3 missing")]),
        ([7, 7], [(1, "7 after 7, repeated")]),
        ([7, 6, 7], [(1, "6 after 7, out of order")]),
        (["7", "8", "10"], [(2, "10 after 8, 1 missing")]),
        ([7.0, 8, 9.0], []),
        ([-1, 0, 1], []),
        ([2**63, 2**63 + 1, 2**63 + 3], [(2, f"{2**63 + 3} after {2**63 + 1}, 1 missing")]),
        ([1, None, True, "x", 1.5, [2], 2], []),
        (["1", "\u0661", "-", "", "9" * 5000, 2], []),
    ],
)
def test_a_number_that_does_not_go_up_by_one_is_told(numbers: list[Any], alerts: list[Any]) -> None:
    assert read(Gap(("n",)), numbered(*numbers)) == alerts


def test_each_value_of_a_field_has_a_sequence_of_its_own() -> None:
    rows = [
        message(at, at, {"n": number, "symbol": symbol})
        for at, (symbol, number) in enumerate([("A", 1), ("B", 5), ("A", 2), ("B", 7), ("A", 3)])
    ]
    gap = Gap(("n",), ("symbol",))
    assert gap.label == "gap in n by symbol"
    assert read(gap, rows) == [(3, "B: 7 after 5, 1 missing")]


def test_each_client_of_a_server_has_a_sequence_of_its_own() -> None:
    rows = [message(0, 0, {"n": 1}, "#1"), message(1, 0, {"n": 1}, "#2"), message(2, 0, {"n": 3}, "#2")]
    assert read(Gap(("n",)), rows) == [(2, "3 after 1, 1 missing")]


def test_a_new_connection_may_start_over_but_not_skip() -> None:
    first, second = numbered(7, 8), numbered(1, 2)
    assert read(Gap(("n",)), [*first, note("connect", 9), *second]) == []
    assert read(Gap(("n",)), [*first, note("connect", 9), *numbered(9)]) == []
    assert read(Gap(("n",)), [*first, note("connect", 9), *numbered(12)]) == [(0, "12 after 8, 3 missing")]


def test_messages_without_the_number_are_passed_over() -> None:
    rows = [*numbered(1), message(1, 1, "no JSON"), message(2, 1, [1]), message(3, 1, {"m": 9}), *numbered(2)]
    own = Row(9, 9, Direction.OUT, "text", '{"n": 99}')
    assert read(Gap(("n",)), [*rows, own, *numbered(3)]) == []


# Rates


def feed(condition: Condition, begin: float, end: float, per_second: float) -> list[tuple[float, str]]:
    """Read messages at a rate, and check four times a second."""
    told: list[tuple[float, str]] = []
    now = begin
    while now < end:
        count = int((now + 0.25) * per_second) - int(now * per_second)
        read(condition, [message(0, now + 0.25 * at / count) for at in range(count)])
        now += 0.25
        told += checks(condition, [now])
    return told


def test_a_rate_above_is_told_once_until_it_has_been_right_for_a_second() -> None:
    rate = Rate(100, is_upper=True)
    assert feed(rate, 0, 3, 80) == []
    ((when, text),) = feed(rate, 3, 6, 160)
    assert 3 < when <= 4
    assert text.endswith("/s")
    assert float(text.removesuffix("/s")) > 100
    assert feed(rate, 6, 9, 80) == []
    assert len(feed(rate, 9, 12, 160)) == 1


def test_a_rate_below_is_told_when_it_has_lasted_long_enough() -> None:
    rate = Rate(2, is_upper=False)
    assert checks(rate, range(50), CLOSED) == []
    assert feed(rate, 50, 60, 4) == []
    ((when, _),) = feed(rate, 60, 70, 1)
    assert 60 < when <= 62
    assert feed(rate, 70, 71, 0) == []


def test_nothing_at_all_is_a_rate_below() -> None:
    rate = Rate(10, is_upper=False)
    assert checks(rate, [0, 0.5, 1.0, 1.25, 2]) == [(1.25, "0.00/s")]


def test_a_slow_rate_is_measured_over_a_longer_time() -> None:
    rate = Rate(0.1, is_upper=True)
    assert feed(rate, 0, 100, 0.09) == []
    assert len(feed(rate, 100, 200, 0.5)) == 1


def test_rows_of_a_file_that_is_opened_do_not_count() -> None:
    rate = Rate(10, is_upper=True)
    assert feed(rate, 1000, 1002, 5) == []
    assert read(rate, [message(0, 10.0)] * 500) == []
    assert feed(rate, 1002, 1005, 5) == []


def test_a_rate_survives_a_clock_that_is_set_back() -> None:
    rate = Rate(10, is_upper=True)
    assert feed(rate, 1000, 1002, 5) == []
    assert len(feed(rate, 500, 503, 20)) == 1


# Latency and patterns


def test_a_latency_is_told_once_until_one_is_right() -> None:
    latency = Latency(0.2)
    told = [latency.check(0, Line(True, seconds)) for seconds in (None, 0.2, 0.25, 0.9, 0.1, 0.3)]
    assert told == ["", "", "250 ms", "", "", "300 ms"]
    assert latency.check(0, Line(False, 9.0)) == ""


def test_a_pattern_is_a_filter() -> None:
    pattern = Pattern("level=error", read_query("level=error"))
    rows = [
        message(0, 0, {"level": "error"}),
        message(1, 0, {"level": "info"}),
        Row(2, 0, Direction.OUT, "text", '{"level": "ERROR"}'),
        Row(3, 0, Direction.NOTE, "error", '{"level": "error"}'),
    ]
    assert read(pattern, rows) == [(0, ""), (2, "")]
