"""Messages by key: the last value, how many there were, how often they come; in bounded memory."""

from __future__ import annotations

import pytest

from tkws.console.live.keys import MAX_KEYS, ByKey, Order, sparkline
from tkws.console.log.log import Direction, Row
from tkws.console.text.fields import MISSING, parse

KEY, VALUE = ("symbol",), ("price",)


def fill(model: ByKey, *messages: tuple[float, str]) -> ByKey:
    for number, (when, payload) in enumerate(messages):
        model.add(Row(number, when, Direction.IN, "text", payload), parse(payload))
    return model


def test_each_key_has_its_last_value_and_its_count() -> None:
    model = fill(
        ByKey(KEY, VALUE),
        (1.0, '{"symbol": "BTC", "price": "1.5"}'),
        (2.0, '{"symbol": "ETH", "price": 7}'),
        (3.0, '{"symbol": "BTC", "price": 2}'),
        (4.0, '{"symbol": "BTC"}'),
        (5.0, '{"type": "heartbeat"}'),
    )
    shown = [
        (entry.key, entry.value, entry.count, entry.number, entry.time) for entry in model.entries.values()
    ]
    assert shown == [("BTC", 2, 3, 3, 4.0), ("ETH", 7, 1, 1, 2.0)]
    assert (model.others, model.overflow) == (1, 0)


@pytest.mark.parametrize(
    ("json", "key"),
    [("12", "12"), ("null", "null"), ("true", "true"), ("[1]", "[1]"), ('"\\ud800"', "\ud800")],
)
def test_any_value_is_a_key(json: str, key: str) -> None:
    assert list(fill(ByKey(KEY), (0.0, f'{{"symbol": {json}}}')).entries) == [key]


def test_what_is_kept_is_bounded() -> None:
    model = ByKey(KEY, VALUE)
    fill(model, *((0.0, f'{{"symbol": {number}}}') for number in range(MAX_KEYS + 5)))
    assert (len(model.entries), model.overflow) == (MAX_KEYS, 5)
    model.reset()
    long = "x" * 100_000
    fill(model, (0.0, f'{{"symbol": "{long}", "price": {{"p": "{long}"}}}}'))
    [entry] = model.entries.values()
    assert len(entry.key) == 200
    assert len(entry.value) == 200


def test_a_steady_rate_is_told_at_once_and_fades() -> None:
    model = ByKey(KEY)
    fill(model, *((when / 10, '{"symbol": "A"}') for when in range(600)))
    [entry] = model.entries.values()
    assert entry.rate(60.0) == pytest.approx(10, rel=0.1)
    assert entry.rate(75.0) == pytest.approx(0.5, rel=0.2)
    young = ByKey(KEY)
    fill(young, *((when / 10, '{"symbol": "A"}') for when in range(20)))
    assert young.entries["A"].rate(2.0) == pytest.approx(10, rel=0.1)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    model = fill(ByKey(KEY), (100.0, '{"symbol": "A"}'), (50.0, '{"symbol": "A"}'))
    assert 0 <= model.entries["A"].rate(40.0) < 10


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        (Order.FIRST_SEEN, ["b", "10", "9", "A"]),
        (Order.KEY, ["9", "10", "A", "b"]),
        (Order.VALUE, ["9", "b", "A", "10"]),
        (Order.COUNT, ["10", "9", "A", "b"]),
        (Order.AGE, ["b", "A", "9", "10"]),
        (Order.RATE, ["10", "9", "b", "A"]),
    ],
)
def test_keys_are_sorted(order: Order, keys: list[str]) -> None:
    model = fill(
        ByKey(KEY, VALUE),
        (1.0, '{"symbol": "b", "price": 5}'),
        (2.0, '{"symbol": "10"}'),
        (3.0, '{"symbol": "9", "price": "-1"}'),
        (4.0, '{"symbol": "A", "price": "low"}'),
        (5.0, '{"symbol": "b", "price": 5}'),
    )
    assert [entry.key for entry in model.sorted(order, 6.0)] == keys
    assert [entry.key for entry in model.sorted(order, 6.0, descending=True)] == keys[::-1]


def test_a_sparkline_has_the_last_value_of_each_second() -> None:
    def price(when: float, value: float) -> tuple[float, str]:
        return when, f'{{"symbol": "A", "price": {value}}}'

    model = fill(ByKey(KEY, VALUE), price(10.0, 99), price(10.9, 0), price(11.5, 7), price(13.0, 14))
    assert sparkline(model.entries["A"], 14.5, 6) == "▁▅▅██"
    assert sparkline(model.entries["A"], 14.5, 3) == "▁██"
    assert sparkline(model.entries["A"], 99.0, 3) == "▅▅▅"


def test_a_sparkline_takes_any_numbers() -> None:
    model = fill(
        ByKey(KEY, VALUE),
        (1.0, '{"symbol": "A", "price": -1.7e308}'),
        (2.0, '{"symbol": "A", "price": 1.7e308}'),
        (3.0, '{"symbol": "A", "price": "no number"}'),
        (4.0, '{"symbol": "B"}'),
    )
    assert sparkline(model.entries["A"], 3.0, 5) == "▁██"
    assert sparkline(model.entries["B"], 4.0, 5) == ""
    assert model.entries["B"].value is MISSING
