"""The codec of JSON: what it encodes, what it decodes, and what it refuses by which name."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest

import tkws
from tkws import JSON

VALUES = [
    ({"a": [1, 2.5, None, True], "b": {}}, '{"a":[1,2.5,null,true],"b":{}}'),
    ((1, "x"), '[1,"x"]'),
    ({1: 2, None: 3}, '{"1":2,"null":3}'),
    ("é\u2028\U0001f600", '"é\u2028\U0001f600"'),
    (10**400, "1" + 400 * "0"),
    ("", '""'),
    (None, "null"),
]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=[str(index) for index in range(len(VALUES))])
def test_values_become_compact_text(value, text):
    assert JSON.encode(value) == text


def test_what_is_encoded_is_decoded():
    value = {"a": [1, -2.5, None, True, "é", 10**100], "": {"b": [[]]}}
    assert JSON.decode(JSON.encode(value)) == value
    assert JSON.decode(JSON.encode(value).encode()) == value
    assert JSON.decode(bytearray(b" [1]\n")) == [1]


def test_a_lone_surrogate_can_be_sent_back():
    value = JSON.decode(r'{"é": "\ud800"}')
    assert value == {"é": "\ud800"}
    assert JSON.encode(value).encode() == rb'{"\u00e9":"\ud800"}'


def contains_itself() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


def deep(levels: int = 100_000) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (object(), TypeError, "^value: what JSON can hold .*, not object$"),
        ({"a": [{1, 2}]}, TypeError, "^value: what JSON can hold .*, not set$"),
        (b"x", TypeError, "^value: what JSON can hold .*, not bytes$"),
        ({(1, 2): 3}, TypeError, "^value: keys .* not tuple$"),
        (math.nan, ValueError, "^value: .* not JSON compliant"),
        ([math.inf], ValueError, "^value: .* not JSON compliant"),
        (10**5000, ValueError, "^value: .*4300"),
        (contains_itself(), ValueError, "^value: Circular"),
        (deep(), ValueError, "^value: nested too deeply$"),
    ],
    ids=["object", "set", "bytes", "key", "nan", "inf", "huge", "circular", "deep"],
)
def test_what_json_cannot_hold_is_refused(value, error, sentence):
    with pytest.raises(error) as refused:
        JSON.encode(value)
    assert re.search(sentence, str(refused.value))  # Python 3.14 adds notes, which say where


def test_what_an_object_raises_itself_is_passed_on():
    class Broken(dict):
        def items(self):
            raise KeyError("items")

    with pytest.raises(KeyError):
        JSON.encode({"a": Broken(a=1)})


@pytest.mark.parametrize(
    "message",
    [
        "", "nul", "[1,]", "{'a': 1}", "1 2", "[NaN]", "Infinity", "-Infinity", "1e999", "-1e999",
        "[1.5e400]", "1" * 5000, "[" * 100_000, '{"a":' * 100_000, '"\x01"', "\ufeff[]",
        b"\xff", b"\xef\xbb\xbf[]",
        "[]".encode("utf-16"), "01", "+1", ".5", "[1] // one",
    ],
    ids=range(23),
)  # fmt: skip
def test_what_is_not_json_is_refused(message):
    with pytest.raises(ValueError):  # noqa: PT011 - each in words of its own
        JSON.decode(message)


@pytest.mark.parametrize("message", [None, 5, [], object()], ids=["none", "int", "list", "object"])
def test_only_messages_are_decoded(message):
    with pytest.raises(TypeError, match=rf"^message: str or bytes-like, not {type(message).__name__}$"):
        JSON.decode(message)


def test_json_is_imported_at_the_first_use():
    script = (
        "import sys, tkinter; import tkws; assert 'json' not in sys.modules; "
        "assert tkws.JSON.encode([1]) == '[1]'; assert 'json' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_it_is_a_codec():
    assert isinstance(JSON, tkws.JSONCodec)
    assert repr(JSON) == "tkws.JSON"


@pytest.mark.parametrize("codec", [5, "json", object(), {"encode": str, "decode": str}], ids=range(4))
def test_what_is_no_codec_is_refused(codec):
    what = (
        rf"^codec: an object with encode\(value\) and decode\(message\), or None, not {type(codec).__name__}$"
    )
    with pytest.raises(TypeError, match=what):
        tkws.ConnectionOptions(codec=codec)


def test_errors_are_events_or_close():
    with pytest.raises(ValueError, match=r"^codec_errors: 'event' or 'close', not 'ignore'$"):
        tkws.ConnectionOptions(codec_errors="ignore")
