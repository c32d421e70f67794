"""What has changed in a message since another one, and which message that is."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tkws.console.log.log import Direction, Log
from tkws.console.log.view import View
from tkws.console.message import comparison as comparing
from tkws.console.message.changes import changes
from tkws.console.message.comparison import Comparison, message_before
from tkws.console.text.fields import MISSING, Path, lookup, parse
from tkws.console.text.reading import Kind


def shown(before: Any, after: Any) -> str:
    texts = [each if isinstance(each, str | bytes) else json.dumps(each) for each in (before, after)]
    return "".join(part.text for parts in changes(*texts) for part in parts)


def test_fields_that_differ_are_told_with_their_difference() -> None:
    before = {"symbol": "BTC", "price": "64250.5", "size": 3, "gone": None, "v": {"fee": 0.1, "x": [1, 2]}}
    after = {"symbol": "BTC", "price": "64250.75", "size": 1, "v": {"fee": 0.3, "x": [1, 2, 9]}, "a b": True}
    assert shown(before, after).splitlines() == [
        'price: "64250.5" → "64250.75"  (+0.25)',
        "size: 3 → 1  (-2)",
        "v.fee: 0.1 → 0.3  (+0.2)",
        "v.x.2: 9  (is new)",
        '"a b": true  (is new)',
        "gone: null  (is gone)",
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ([1], [True], "0: 1 → true"),
        ({"a": 1}, {"a": 1.0}, "a: 1 → 1.0  (+0.0)"),
        ({"a": "1e999"}, {"a": 2}, 'a: "1e999" → 2'),
        ({"a": [1]}, {"a": {"b": 1}}, 'a: [1] → {"b": 1}'),
        ({"a": "\u202ex"}, {"a": "é"}, 'a: "\\u202ex" → "é"'),
        ([], {}, "message: [] → {}"),
        ({"a": "1e-40"}, {"a": "0"}, 'a: "1e-40" → "0"  (-1.000e-40)'),
    ],
)
def test_a_change_of_any_kind_is_told(before: Any, after: Any, line: str) -> None:
    assert shown(before, after) == f"{line}\n"


def test_a_message_that_is_the_same_is_said_to_be() -> None:
    assert shown('{"a": 1, "b": 2}', '{"b":2,"a":1}') == "Nothing has changed."
    assert shown("same", "same") == shown(b"\0", b"\0") == shown("", "") == "Nothing has changed."


def test_lines_of_text_and_bytes_are_compared() -> None:
    assert shown("a\nb\nc", "a\nB\nc") == "line 2\n- b\n+ B\n"
    assert shown("a\nc", "a\nb\nc") == "line 2\n+ b\n"
    assert shown("a\nb\x1b", "a") == "line 2\n- b\\x1b\n"
    long = "x" * 243_000
    text = shown(f"{long}1{long}", f"{long}2{long}")
    assert text.splitlines()[1].startswith(f"- …{'x' * 40}1xxx")
    assert "00000000  00 ff" in shown(b"\0\1", b"\0\xff")


def test_a_change_has_its_kind() -> None:
    kinds = [part.kind for parts in changes("[1]", "[2]") for part in parts]
    assert kinds == [Kind.PLAIN, Kind.REMOVED, Kind.PLAIN, Kind.ADDED, Kind.REMARK, Kind.PLAIN]


def test_large_messages_are_compared_in_slices() -> None:
    before = json.dumps({"items": [{"n": number, "v": "x" * 20} for number in range(6000)]})
    after = before.replace('"n": ', '"n": 1')
    begin = time.process_time()
    slices = [*changes(before, after)]
    assert time.process_time() - begin < 5
    assert len(slices) == 30
    assert len(before) > 243_000


# ---- the message before


def log_of(*payloads: str, direction: Direction = Direction.IN) -> Log:
    log = Log()
    for number, payload in enumerate(payloads):
        log.add(direction, "text", payload, when=number / 4)
    return log


def before(log: Log, key: Path | None, number: int = -1) -> int | None:
    row = log.rows[number]
    value = MISSING if key is None else lookup(parse(row.payload), key)
    found = message_before(log.rows, row.number, row, key, value)
    return None if found is None else found.number


def test_the_message_before_has_the_same_key() -> None:
    log = log_of('{"s": "A"}', '{"s": "B"}', '{"t": 1}', "text", '{"s": "A"}', '{"t": 2}', '{"s": "B"}')
    assert before(log, ("s",)) == 1
    assert before(log, ("s",), 4) == 0
    assert before(log, ("s",), 5) == 3, "neither has the field"
    assert before(log, None) == 5
    assert before(log, ("s",), 1) is None
    escaped = log_of('{"s": "\\u0042"}', '{"s": "B"}')
    assert before(escaped, ("s",)) == 0


def test_it_is_of_the_same_direction_and_type() -> None:
    log = log_of("a")
    log.add(Direction.OUT, "text", "b")
    log.add(Direction.IN, "binary", b"c")
    log.add(Direction.IN, "text", "d", "#1")
    log.add(Direction.IN, "text", "e")
    assert before(log, None) == 0


def test_the_comparison_says_with_what() -> None:
    log = log_of('{"s": "A", "p": 1}', '{"s": "B", "p": 1}', '{"s": "A", "p": 2}')
    view = View(log)
    assert view.advance(60)
    comparison = Comparison(view, lambda: ("s",))

    def text(number: int) -> list[str]:
        whole = "".join(part.text for parts in comparison.read(log.rows[number]) for part in parts)
        return whole.splitlines()

    first, second = text(2)
    assert first.startswith("Since the message with s = A at ")
    assert first.endswith(", 0.500 s before:")
    assert second == "p: 1 → 2  (+1)"
    assert text(1) == ["No message with s = B before this one is shown in the table."]
    comparison.key = ("p",)
    assert text(1)[0].startswith("Since the message with p = 1 at ")


def test_a_message_is_parsed_once_to_find_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str | bytes] = []

    def noted(payload: str | bytes) -> Any:
        parsed.append(payload)
        return parse(payload)

    monkeypatch.setattr(comparing, "parse", noted)
    log = log_of('{"s": "A", "p": 1}', '{"s": "A", "p": 2}')
    view = View(log)
    assert view.advance(60)
    comparison = Comparison(view, lambda: ("s",))
    assert len([*comparison.read(log.rows[1])]) == 2
    assert parsed == [log.rows[1].payload, log.rows[0].payload]
