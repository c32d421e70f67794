"""Lists in header fields."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tkws.errors import HandshakeError
from tkws.http.fields import format_extension, is_token, parse_extensions, parse_list

SEPARATORS = '()<>@,;:\\"/[]?={} \t'


def test_a_token_is_visible_ascii_without_separators() -> None:
    allowed = {chr(code) for code in range(0x21, 0x7F)} - set(SEPARATORS)
    assert {chr(code) for code in range(0x200) if is_token(chr(code))} == allowed
    assert is_token("chat.v2")
    assert not is_token("")
    assert not is_token("chat\n")


@pytest.mark.parametrize(
    ("values", "elements"),
    [
        ([], []),
        ([""], []),
        ([" , ,"], []),
        (["chat"], ["chat"]),
        ([" keep-alive ,\tUpgrade"], ["keep-alive", "Upgrade"]),
        (["a,b", "", "c"], ["a", "b", "c"]),
        (["not a token"], ["not a token"]),
    ],
)
def test_a_list_is_split_at_commas_over_all_its_values(values: list[str], elements: list[str]) -> None:
    assert parse_list(values) == elements


@pytest.mark.parametrize(
    ("values", "extensions"),
    [
        ([], []),
        (["foo"], [("foo", [])]),
        (["foo, bar"], [("foo", []), ("bar", [])]),
        (["foo,,bar,"], [("foo", []), ("bar", [])]),
        ([" , foo"], [("foo", [])]),
        (["foo; a, ,\t, bar"], [("foo", [("a", None)]), ("bar", [])]),
        (["", "foo", ","], [("foo", [])]),
        ([" foo ", "bar"], [("foo", []), ("bar", [])]),
        (["foo; a; b=1"], [("foo", [("a", None), ("b", "1")])]),
        (["foo ;a ; b = 1 , bar"], [("foo", [("a", None), ("b", "1")]), ("bar", [])]),
        (['foo; a="10"'], [("foo", [("a", "10")])]),
        (['foo; a="1\\0"; b'], [("foo", [("a", "10"), ("b", None)])]),
        (["foo; a, foo; b"], [("foo", [("a", None)]), ("foo", [("b", None)])]),
        (["foo; a; a=1"], [("foo", [("a", None), ("a", "1")])]),
    ],
)
def test_extensions_are_read_in_order(values: list[str], extensions: object) -> None:
    assert parse_extensions(values) == extensions


@pytest.mark.parametrize(
    "value",
    [
        "foo bar",
        "foo;",
        "foo; ;a",
        "foo; a=",
        "foo; a=, bar",
        "foo; =1",
        "foo; a=1=2",
        "foo; a b",
        "; a",
        "/",
        "foo/bar",
        'foo; a="',
        'foo; a="1',
        'foo; a="1\\',
        'foo; a="1"2',
        'foo; a="two words"',
        'foo; a="1,2"',
        'foo; a=""',
        "foo; ü",
        "foo\x00",
    ],
)
def test_a_malformed_list_is_a_handshake_error(value: str) -> None:
    with pytest.raises(HandshakeError, match="malformed") as caught:
        parse_extensions(["good", value])
    assert caught.value.part == "extension"


@pytest.mark.parametrize("values", [[""], [" "], [","], [" , ,"], ["", ""], [",", "\t"]])
def test_a_list_of_extensions_names_one_at_least(values: list[str]) -> None:
    with pytest.raises(HandshakeError, match="malformed: it names no extension") as caught:
        parse_extensions(values)
    assert caught.value.part == "extension"


TOKENS = st.text("abcXYZ019-_.!~", min_size=1, max_size=8)
PARAMETERS = st.lists(st.tuples(TOKENS, st.none() | TOKENS), max_size=4)


@given(st.lists(st.tuples(TOKENS, PARAMETERS), min_size=1, max_size=4))
def test_what_is_formatted_is_read_back(extensions: list[tuple[str, list[tuple[str, str | None]]]]) -> None:
    formatted = [format_extension(name, parameters) for name, parameters in extensions]
    assert parse_extensions(formatted) == parse_extensions([", ".join(formatted)]) == extensions


@given(st.text())
def test_junk_is_read_or_refused(text: str) -> None:
    try:
        parse_extensions([text])
    except HandshakeError:
        pass
