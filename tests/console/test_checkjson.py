"""JSON is checked before it is sent, and laid out without a change of its contents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from tkws.console.send.checkjson import beautify, check_json, compact


@pytest.mark.parametrize("text", ["{}", " [1, 2] ", "1", '"a"', "null", '{"a": 1e400}', '{"a": 1, "a": 2}'])
def test_json_passes(text: str) -> None:
    check_json(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1 "b": 2}', "line 1, column 9: expecting ',' delimiter"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6: expecting ':' delimiter"),
        ("{'a': 1}", "line 1, column 2: expecting property name"),
        ("", "line 1, column 1: expecting value"),
        ("[1] 2", "line 1, column 5: extra data"),
        ('{"a": NaN}', "NaN is not JSON; use null or a string"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("[" * 100_000, "it is nested too deeply to be checked"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        check_json(text)


def test_it_is_laid_out_and_put_together_again() -> None:
    short = '{"a":[1.0e5,"x, y"],"b":{}}'
    pretty = '{\n  "a": [\n    1.0e5,\n    "x, y"\n  ],\n  "b": {}\n}'
    assert beautify(short) == pretty
    assert beautify(pretty) == short
    assert beautify(' "a b" ') == '"a b"'
    with pytest.raises(ValueError, match="line 1, column 2"):
        beautify("{a}")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(json_values)
def test_no_layout_changes_what_it_says(value: object) -> None:
    text = json.dumps(value, indent=3)
    assert json.loads(beautify(text)) == value
    assert json.loads(compact(text)) == value
