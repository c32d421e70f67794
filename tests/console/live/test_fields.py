"""The fields of JSON messages: what is JSON, how fields are named, and which values are numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.console.text.fields import (
    MAX_PARSED,
    MISSING,
    as_number,
    as_text,
    leaves,
    lookup,
    parse,
    path_text,
    read_path,
)

TRADE = {"type": "trade", "data": {"price": "64250.5", "levels": [[1, 2], [3, 4]]}, "a.b": 1, "": 2, "7": 3}


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (b' \n[1, "x"]', [1, "x"]),
        ("", None),
        (b"", None),
        ("hello", None),
        ("{hello}", None),
        ('"a text"', None),
        ("12", None),
        (b"{\xff}", None),
        ("[" * 100_000, None),
        (f'{{"a": {"9" * 5000}}}', None),
        (f'{{"a": "{"x" * MAX_PARSED}"}}', None),
    ],
    ids=range(12),
)
def test_only_objects_and_arrays_have_fields(payload: str | bytes, value: Any) -> None:
    assert parse(payload) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "trade"),
        ("data.price", "64250.5"),
        ("data.levels.1.0", 3),
        ("data.levels[1][0]", 3),
        ('"a.b"', 1),
        ('""', 2),
        ("7", 3),
        ("nothing", MISSING),
        ("data.levels.9", MISSING),
        ("data.levels.price", MISSING),
        ("type.x", MISSING),
    ],
)
def test_a_field_is_found_by_its_name(name: str, value: Any) -> None:
    assert lookup(TRADE, read_path(name)) == value


@pytest.mark.parametrize("text", ["", ".", "[]"])
def test_a_field_has_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="such as price"):
        read_path(text)


@given(st.lists(st.text() | st.integers(0, 999), min_size=1, max_size=4))
def test_every_field_can_be_named(path: list[str | int]) -> None:
    read = read_path(path_text(tuple(path)))
    assert [str(step) for step in read] == [str(step) for step in path]


def test_the_fields_of_a_message_are_listed_in_order() -> None:
    found = {path_text(path): value for path, value in leaves(TRADE)}
    assert list(found)[:4] == ["type", "data.price", "data.levels.0.0", "data.levels.0.1"]
    assert found["data.levels.1.1"] == 4


def test_a_huge_message_lists_some_of_its_fields() -> None:
    assert len(list(leaves([[{"a": 1}] * 1000] * 1000))) <= 300


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (-2.5, -2.5),
        ("64250.50", 64250.5),
        (" 1e3 ", 1000.0),
        (True, None),
        (None, None),
        ("", None),
        ("1,5", None),
        ("0x10", None),
        ("nan", None),
        ("1_000", None),
        ("٣", None),
        (float("inf"), None),
        ("1e999", None),
        (10**400, None),
        ("9" * 100, None),
        ([1], None),
    ],
    ids=range(17),
)
def test_numbers_are_numbers_also_as_text(value: Any, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (1.5, "1.5"), (True, "true"), (None, "null"), ({"ä": [1]}, '{"ä": [1]}')]
)
def test_a_value_is_written_as_a_person_does(value: Any, text: str) -> None:
    assert as_text(value) == text
