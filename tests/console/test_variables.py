"""Variables of messages: they are filled in, or it is told which ones cannot be."""

from __future__ import annotations

import re
import time
import uuid

import pytest

from tkws.console.send.variables import UnknownVariables, fill, names_in, read_values, shown_values

VALUES = {"user": "me", "best bid": "42", "greeting": "hello {{user}}", "empty": "", "é": "e"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("no variable: {} { {user} } {{}} {{ }}", "no variable: {} { {user} } {{}} {{ }}"),
        ("{{user}} {{ user }}{{user}}", "me meme"),
        ('{"a":{"b":{{best bid}}}}', '{"a":{"b":42}}'),
        ("{{greeting}}!", "hello me!"),
        ("[{{empty}}]", "[]"),
        ("{{é}}", "e"),
        ("{{{user}}}", "{me}"),
    ],
)
def test_variables_are_filled_in(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


@pytest.mark.parametrize(
    ("text", "names"),
    [("{{nobody}}", ["nobody"]), ("{{b}} {{user}} {{a}} {{b}}", ["b", "a"]), ("{{User}}", ["User"])],
)
def test_a_variable_without_a_value_is_told(text: str, names: list[str]) -> None:
    with pytest.raises(UnknownVariables) as raised:
        fill(text, VALUES)
    assert raised.value.names == names
    assert all(f"{{{{{name}}}}}" in str(raised.value) for name in names)


@pytest.mark.parametrize("values", [{"a": "{{a}}"}, {"a": "{{b}}", "b": "{{a}}"}, {"a": "{{c}}"}])
def test_values_that_lead_nowhere_are_not_sent(values: dict[str, str]) -> None:
    with pytest.raises(UnknownVariables):
        fill("{{a}}", values)


def test_some_variables_have_a_new_value_each_time() -> None:
    first, second = fill("{{$guid}} {{$guid}}", {}).split()
    assert uuid.UUID(first) != uuid.UUID(second)
    assert abs(int(fill("{{$timestamp}}", {})) - time.time()) < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fill("{{$isoTimestamp}}", {}))
    assert 0 <= int(fill("{{$randomInt}}", {})) <= 1000
    assert fill("{{$guid}}", {"$guid": "mine"}) == "mine"


def test_values_are_read_as_they_are_shown() -> None:
    assert read_values(shown_values(VALUES)) == VALUES
    assert read_values("\n  a=b = c  \n\n$x = 1\n") == {"a": "b = c", "$x": "1"}


@pytest.mark.parametrize("line", ["a", "= b", "{a} = b", "a}} = b"])
def test_a_line_that_is_no_value_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=r"Line 2: 'name = value'"):
        read_values(f"x = 1\n{line}\n")


def test_names_are_found_once() -> None:
    assert names_in("{{b}}{{a}}{{ b }}{{$guid}}") == ["b", "a", "$guid"]
