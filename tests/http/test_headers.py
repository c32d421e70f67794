"""The header fields of an HTTP message."""

from __future__ import annotations

import copy
import email.message
import pickle
from types import MappingProxyType
from typing import Any

import pytest

from tkws.http.headers import Headers

REPEATED = Headers([("Via", "a"), ("Host", "h"), ("VIA", "b"), ("Set-Cookie", "x=1"), ("set-cookie", "y=2")])


def message() -> email.message.Message:
    made = email.message.Message()
    made["Host"] = "h"
    made["Via"] = "a"
    made["Via"] = "b"
    return made


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ((), ()),
        ({}, ()),
        ({"Host": "h", "Via": "a"}, (("Host", "h"), ("Via", "a"))),
        (MappingProxyType({"Host": "h"}), (("Host", "h"),)),
        ([("Via", "a"), ("Via", "b")], (("Via", "a"), ("Via", "b"))),
        (iter([["Host", "h"]]), (("Host", "h"),)),
        (message(), (("Host", "h"), ("Via", "a"), ("Via", "b"))),
        (Headers([("Via", "a"), ("via", "b")]), (("Via", "a"), ("via", "b"))),
        ({"X": ""}, (("X", ""),)),
        ({"X": "\t a \tb  "}, (("X", "a \tb"),)),
        ({"X": "Grüße"}, (("X", "Grüße"),)),
    ],
)
def test_headers_are_made_from_mappings_and_pairs(source: Any, fields: object) -> None:
    assert Headers(source).fields == fields


def test_names_are_found_in_any_case() -> None:
    headers = Headers({"Sec-WebSocket-Key": "k"})
    assert headers["sec-websocket-key"] == headers.get("SEC-WEBSOCKET-KEY") == "k"
    assert "Sec-Websocket-Key" in headers
    assert "Sec-WebSocket" not in headers
    assert headers.get("Host") is None
    with pytest.raises(KeyError, match="Host"):
        headers["Host"]


def test_repeated_fields_are_one_entry() -> None:
    assert REPEATED["via"] == "a, b"
    assert REPEATED.get_all("Via") == ["a", "b"]
    assert REPEATED["Set-Cookie"] == "x=1"
    assert REPEATED.get_all("SET-COOKIE") == ["x=1", "y=2"]
    assert REPEATED.get_all("Cookie") == []
    assert list(REPEATED) == ["Via", "Host", "Set-Cookie"]
    assert len(REPEATED) == 3
    assert dict(REPEATED) == {"Via": "a, b", "Host": "h", "Set-Cookie": "x=1"}


def test_the_case_of_names_does_not_make_headers_different() -> None:
    assert Headers({"Host": "h"}) == Headers({"HOST": "h"}) == {"host": "h"}
    assert Headers([("Via", "a"), ("via", "b")]) == {"Via": "a, b"}
    assert len({Headers({"Host": "h"}), Headers({"HOST": "h"})}) == 1
    assert Headers({"Host": "h"}) != Headers({"Host": "H"})
    assert Headers({"Host": "h"}) != Headers()
    assert Headers() != ()


def test_the_representation_hides_secrets() -> None:
    names = ["authorization", "Proxy-Authorization", "COOKIE", "Set-Cookie"]
    shown = repr(Headers([("Host", "h"), *((name, "hidden") for name in names)]))
    assert "hidden" not in shown
    assert all(name in shown for name in names)
    assert repr(Headers({"Host": "h"})) == "Headers([('Host', 'h')])"


@pytest.mark.parametrize("source", [None, 5, "Host: h", b"x", ["Host"], [("a", "b", "c")], {"Host"}, [1]])
def test_what_is_no_mapping_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="^headers: a mapping or pairs of name and value, not "):
        Headers(source)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ä", "a\n", "(a)"])
def test_a_name_must_be_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="^headers: .* is not the name of a header$"):
        Headers({name: "x"})


@pytest.mark.parametrize(
    "value", ["a\r\nb: c", "a\n", "\ra", "a\x00", "a\x0b", "a\x1f", "a\x7f", "€", "\ud800"]
)
def test_a_value_must_not_break_the_message(value: str) -> None:
    with pytest.raises(ValueError, match="^headers: the value of X-Secret has a ") as caught:
        Headers({"X-Secret": value})
    assert repr(value)[1:-1] not in str(caught.value)


def test_names_and_values_are_text() -> None:
    with pytest.raises(TypeError, match="^headers: each name a str, not bytes$"):
        Headers([(b"Host", "h")])  # type: ignore[list-item] # wrong on purpose
    with pytest.raises(TypeError, match="^headers: the value of Age a str, not int$"):
        Headers({"Age": 1})  # type: ignore[arg-type] # wrong on purpose


def test_received_fields_are_taken_as_they_are() -> None:
    headers = Headers.received([(b"X", b"\x01\xfc"), (b"x", b"b")])
    assert headers.fields == (("X", "\x01ü"), ("x", "b"))


def test_common_fields_are_kept_once() -> None:
    one, other = (Headers.received([(b"Upgrade", b"websocket"), (b"Host", b"h")]) for _ in range(2))
    assert one.fields == (("Upgrade", "websocket"), ("Host", "h"))
    for field, same in zip(one.fields, other.fields, strict=True):
        assert field[0] is same[0]
    assert one.fields[0][1] is other.fields[0][1]


def test_a_copy_has_all_fields_as_they_were_received() -> None:
    headers = Headers.received([(b"X", b"\x01\xfc"), (b"x", b"b")])
    for copied in (copy.copy(headers), copy.deepcopy(headers), pickle.loads(pickle.dumps(headers))):
        assert copied == headers
        assert copied.fields == headers.fields
