"""The values of a plot, kept for a time and told by columns; and the numbers of its axis."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tkws.console.live.axis import number_text, scale, ticks
from tkws.console.live.export import save_csv
from tkws.console.live.series import KEPT, Series, Source, Span
from tkws.console.log.log import Direction, Row
from tkws.console.text.fields import parse

PRICE = Source(("price",))


def fill(series: Series, *values: tuple[float, float | str]) -> Series:
    for number, (when, value) in enumerate(values):
        payload = f'{{"price": {value}, "symbol": "BTC"}}'
        series.add(Row(number, when, Direction.IN, "text", payload), parse(payload))
    return series


def test_values_are_told_by_columns() -> None:
    series = fill(Series(PRICE), (100.0, 1), (100.02, 9), (100.04, 5), (101.0, '"7"'), (102.0, '"x"'))
    assert series.spans(100.0, 102.0, 20) == [Span(0, 1, 9, 5), Span(10, 7, 7, 7)]
    assert series.spans(100.0, 102.0, 1) == [Span(0, 1, 9, 7)]
    assert (series.last, series.newest) == (7, 101.0)


def test_the_value_before_the_window_leads_into_it() -> None:
    series = fill(Series(PRICE), (100.0, 1), (101.0, 2), (105.0, 3))
    assert series.spans(103.0, 106.0, 3) == [Span(-1, 2, 2, 2), Span(2, 3, 3, 3)]
    assert series.spans(110.0, 120.0, 10) == [Span(-1, 3, 3, 3)]
    assert series.spans(90.0, 95.0, 5) == []


def test_what_is_kept_is_bounded() -> None:
    series = fill(Series(PRICE), *((when / 10, when) for when in range(10_000)))
    assert len(series.spans(0.0, 1000.0, 100_000)) <= KEPT * 10 + 1
    series.reset()
    assert series.last is None
    assert series.spans(0.0, 1000.0, 10) == []


def test_a_clock_that_goes_back_loses_no_value() -> None:
    series = fill(Series(PRICE), (100.0, 1), (50.0, 9), (101.0, 2))
    assert series.spans(100.0, 102.0, 2) == [Span(0, 1, 9, 9), Span(1, 2, 2, 2)]


def test_a_line_may_be_of_one_key() -> None:
    source = Source(("price",), ("symbol",), "BTC")
    assert source.label == "price · BTC"
    assert source.read({"symbol": "BTC", "price": "2.5"}) == 2.5
    assert source.read({"symbol": "ETH", "price": "2.5"}) is None
    assert source.read({"price": "2.5"}) is None
    assert source.read({"symbol": "BTC"}) is None


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (64_000, 64_100, 4, [64_000, 64_050, 64_100]),
        (5, 5, 4, []),
        (5, 4, 4, []),
        (0, math.inf, 4, []),
    ],
)
def test_an_axis_has_round_numbers(low: float, high: float, count: int, expected: list[float]) -> None:
    assert ticks(low, high, count) == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_any_values_have_an_axis(one: float, other: float) -> None:
    low, high = scale(min(one, other), max(one, other))
    assert low <= min(one, other) <= max(one, other) <= high
    marks = ticks(low, high, 4)
    assert len(marks) <= 10
    tolerance = 1e-9 * max(abs(low), abs(high)) + 1e-300
    assert all(low - tolerance <= mark <= high + tolerance for mark in marks)
    assert all(number_text(mark, (high / 2 - low / 2) / 4) for mark in marks)


@pytest.mark.parametrize(
    ("value", "apart", "text"),
    [
        (64250.5, 10, "64,250"),
        (64250.5, 0.1, "64,250.50"),
        (0.0, 1, "0"),
        (1e12, 1, "1e+12"),
        (2.5, 0, "2.50"),
    ],
)
def test_a_number_has_the_digits_that_count(value: float, apart: float, text: str) -> None:
    assert number_text(value, apart) == text


def test_the_values_are_exported_as_they_came(tmp_path: Path) -> None:
    payloads = ['{"price": 1.25, "symbol": "BTC"}', "hello", '{"size": 3}', '{"price": "2", "symbol": "a,b"}']
    rows = [
        Row(number, 1_700_000_000.5 + number, Direction.IN, "text", payload)
        for number, payload in enumerate(payloads)
    ]
    rows.append(Row(4, 0.0, Direction.NOTE, "error", '{"price": 9}'))
    path = tmp_path / "plot.csv"
    *_, count = save_csv(rows, [PRICE, Source(("price",), ("symbol",), "a,b")], path)
    assert count == 2
    assert path.read_text(encoding="utf-8").splitlines() == [
        'time,price,"price · a,b"',
        "2023-11-14T22:13:20.500000+00:00,1.25,",
        "2023-11-14T22:13:23.500000+00:00,2.0,2.0",
    ]
