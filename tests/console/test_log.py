"""The log forgets the oldest and never too much; a view finds what its filter lets through."""

from __future__ import annotations

import tracemalloc

import pytest

from tkws.console.log.log import CAPACITY, Direction, Log, Row, sent_messages
from tkws.console.log.view import Filter, View

LONG_ENOUGH = 60.0  # seconds of looking that no test needs


def log_of(*payloads: str | bytes, **options: int) -> Log:
    log = Log(**options)
    for payload in payloads:
        log.add(Direction.IN, "text" if isinstance(payload, str) else "binary", payload)
    return log


def shown(view: View) -> list[str | bytes]:
    assert view.advance(LONG_ENOUGH)
    return [row.payload for row in view.rows]


def test_rows_are_numbered_and_stamped() -> None:
    log = Log()
    log.add(Direction.OUT, "text", "one", when=1.5)
    log.add(Direction.IN, "binary", b"two", "#1")
    first, second = log.rows
    assert first == Row(0, 1.5, Direction.OUT, "text", "one", "")
    assert (second.number, second.peer) == (1, "#1")
    assert second.time > 1.6e9


@pytest.mark.parametrize(("payload", "size"), [("abc", 3), ("äé", 4), ("😀", 4), (b"\0\1", 2), ("\ud800", 1)])
def test_a_size_is_in_bytes(payload: str | bytes, size: int) -> None:
    assert log_of(payload).rows[0].size == size


def test_the_oldest_rows_are_forgotten_and_counted() -> None:
    log = log_of(*(f"{number}" for number in range(107)), capacity=100)
    assert [row.payload for row in log.rows] == [f"{number}" for number in range(7, 107)]
    assert (log.first, log.next, log.dropped) == (7, 107, 7)


def test_no_more_memory_is_taken_than_allowed() -> None:
    log = log_of(*(bytes(1000) for _ in range(100)), max_bytes=16_000)
    assert 13 <= len(log.rows) <= 15
    assert log.dropped == 100 - len(log.rows)


def test_one_row_that_is_too_large_is_kept_all_the_same() -> None:
    log = log_of("small", bytes(5000), max_bytes=1000)
    assert [row.size for row in log.rows] == [5000]


def test_numbers_go_on_after_a_clearance() -> None:
    log = log_of("one", "two")
    log.clear()
    log.add(Direction.IN, "text", "three")
    assert [(row.number, row.payload) for row in log.rows] == [(2, "three")]


@pytest.mark.slow
def test_a_full_log_takes_less_than_200_mib() -> None:
    """With 200 bytes a message; with larger ones the bound of bytes holds, which is tested above."""
    tracemalloc.start()
    try:
        log = Log()
        view = View(log)
        for number in range(CAPACITY):
            log.add(Direction.IN, "text", f"{number:0200d}")
        view.advance(LONG_ENOUGH)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(view.rows) == CAPACITY
    assert taken < 100 << 20


def test_a_view_shows_what_comes() -> None:
    log = log_of("one")
    view = View(log)
    assert shown(view) == ["one"]
    log.add(Direction.IN, "text", "two")
    assert view.unseen == 1
    assert shown(view) == ["one", "two"]
    assert view.unseen == 0


def test_a_view_looks_a_bit_at_a_time() -> None:
    log = log_of(*(f"{number}" for number in range(1000)))
    view = View(log)
    steps = 0
    while not view.advance(0.0):
        steps += 1
    assert steps == 3
    assert len(view.rows) == 1000


def test_a_view_lets_go_of_what_the_log_forgot() -> None:
    log = log_of(*(f"{number}" for number in range(100)), capacity=100)
    view = View(log)
    view.filter = Filter(text="7")
    assert len(shown(view)) == 19
    for number in range(100, 150):
        log.add(Direction.IN, "text", f"{number}")
    assert shown(view) == [f"{number}" for number in range(log.first, 150) if "7" in str(number)]


def test_a_view_that_rested_while_rows_were_forgotten_goes_on_with_those_that_are_left() -> None:
    log = log_of("one", capacity=16)
    view = View(log)
    for number in range(100):
        log.add(Direction.IN, "text", f"{number}")
    assert view.unseen == len(log.rows)
    assert shown(view) == [row.payload for row in log.rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [("", 4), ("HELLO", 2), ("ß", 1), ("ss", 1), ("00ff", 1), ("00 FF", 1), ("nothing", 0), ("hello w", 1)],
)
def test_text_is_found_in_any_case_and_bytes_as_hex(text: str, found: int) -> None:
    view = View(log_of("Hello world", b"say hello", "Straße", b"\0\xff"))
    view.filter = Filter(text=text)
    assert len(shown(view)) == found


def test_types_and_directions_are_filtered() -> None:
    log = Log()
    log.add(Direction.IN, "text", "a")
    log.add(Direction.OUT, "text", "b")
    log.add(Direction.OUT, "ping", b"c")
    log.add(Direction.NOTE, "close", "d")
    view = View(log)
    view.filter = Filter(types=frozenset(("text",)))
    assert shown(view) == ["a", "b"]
    view.filter = Filter(directions=frozenset((Direction.OUT,)))
    assert shown(view) == ["b", b"c"]
    view.filter = Filter()
    assert len(shown(view)) == 4


def test_a_peer_is_found_by_its_name() -> None:
    log = Log()
    log.add(Direction.IN, "text", "a", "#12")
    log.add(Direction.IN, "binary", b"b", "#2")
    view = View(log)
    view.filter = Filter(text="#2")
    assert shown(view) == [b"b"]


def test_a_row_is_found_by_its_number() -> None:
    log = log_of("a", "b", "a", "b")
    view = View(log)
    view.filter = Filter(text="b")
    shown(view)
    assert [view.index_of(number) for number in range(5)] == [0, 0, 1, 1, 2]


def test_what_can_be_sent_again() -> None:
    log = Log()
    for direction, type in (
        (Direction.IN, "text"),
        (Direction.OUT, "text"),
        (Direction.OUT, "file"),
        (Direction.NOTE, "open"),
        (Direction.OUT, "ping"),
    ):
        log.add(direction, type, "x")
    assert [row.number for row in sent_messages(log.rows)] == [1, 4]
