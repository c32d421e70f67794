"""The field of a JSON text at a place of it, however that is laid out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.console.text.fieldat import field_at
from tkws.console.text.fields import leaves

MESSAGE = {"a": 1, "b": {"c": [10, {"d": "x, {]"}], "e": None}, 'f "g"': "", "ä": True}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("sign", "path"),
    [
        ('"a"', ("a",)),
        ('"b"', ("b",)),
        ("10", ("b", "c", 0)),
        ('"d"', ("b", "c", 1, "d")),
        ('x, {]"', ("b", "c", 1, "d")),
        ("null", ("b", "e")),
        ("g\\", ('f "g"',)),
        ("true", ("ä",)),
    ],
)
def test_a_name_and_a_value_lead_to_the_field(indent: int | None, sign: str, path: tuple[Any, ...]) -> None:
    text = json.dumps(MESSAGE, ensure_ascii=False, indent=indent)
    assert field_at(text, text.index(sign)) == path
    assert field_at(text, text.index(sign) + len(sign) - 1) == path


@pytest.mark.parametrize(
    ("text", "offset"),
    [("", 0), ("hello", 2), ("{}", 0), ("{}", 1), ("]]", 1), (",", 0), ('{"a": 1}', 99), ("[" * 9, 0)],
)
def test_where_no_field_is_there_is_none(text: str, offset: int) -> None:
    assert field_at(text, offset) is None


def test_a_message_that_is_cut_off_has_its_first_fields() -> None:
    assert field_at('{"a": {"b": [1, 2', 16) == ("a", "b", 1)
    assert field_at('{"a": "unfinished', 12) == ("a",)


def test_a_place_far_into_a_text_has_none() -> None:
    text = f"[{'1, ' * 200_000}1]"
    assert field_at(text, len(text) - 2) is None


names = st.text(min_size=1, max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(names, json_values, min_size=1, max_size=3))
def test_every_leaf_is_found_at_its_end(message: dict[str, Any]) -> None:
    """A mark in place of each leaf in turn tells where that stands."""
    for path, _ in leaves(message):
        marked = json.loads(json.dumps(message))
        inner = marked
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = "<here>"
        text = json.dumps(marked)
        assert field_at(text, text.index("<here>")) == path
