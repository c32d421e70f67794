"""The language of the filter: every kind of term, and what is wrong with one that is not."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from tkws.console.log.log import Direction, Row
from tkws.console.log.query import equals_term, read_query
from tkws.console.text.fields import as_text, path_text

TRADE = '{"type": "trade", "price": "64.5", "data": {"n": 3, "tag": null}, "a b": 1, "text": "Straße, x=1"}'


def row(payload: str | bytes, peer: str = "") -> Row:
    return Row(0, 0.0, Direction.IN, "text" if isinstance(payload, str) else "binary", payload, peer)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "trade",
        "TRADE",
        "trade STRASSE,",
        '"type": "trade"',
        '"Straße, x=1"',
        "/trade|quote/",
        "/P[rR]ice/",
        "/a b/",
        "type=trade",
        "type=TRADE",
        "type=quote,trade",
        "type=tr*",
        "type=*",
        'type="trade"',
        "type!=quote",
        "type!=quote,order",
        "price=64.50",
        "price>50",
        "price>=64.5",
        "price<1e3",
        "price<=64.5 data.n<4",
        "data.n=3",
        'data."n"=3',
        "data.tag=null",
        '"a b"=1',
        "type~rad",
        "type~/^tr/",
        "text~straße",
        "-heartbeat",
        "-type=quote",
        "-price>100",
        "-nothing=1",
        "-/heart/",
        "@type=text",
        "@dir=in",
        "@size>20",
        "@size<1000 -@peer=x",
        "type>a",
        "type=trade price>50 -heartbeat /64/",
        "-",
        "x=1",
    ],
)
def test_what_holds_passes(query: str) -> None:
    passes = read_query(query).passes(row(TRADE))
    assert passes is (query not in ("-", "x=1"))  # a lone dash is a word, and x is no field


@pytest.mark.parametrize(
    "query",
    [
        "quote",
        "trade quote",
        "/^trade/",
        "type=quote",
        "type=",
        "type=qu*",
        'type="tr*"',
        "type!=trade",
        "type!=quote,trade",
        "price>64.5",
        "price>abc",
        "type>5",
        "nothing=1",
        "nothing!=1",
        "nothing=*",
        "data=1",
        "type~/^rade/",
        "-trade",
        "-type=trade",
        "-/trade/",
        "@type=binary",
        "@size>1000",
        "@peer=#1",
    ],
)
def test_what_does_not_hold_is_hidden(query: str) -> None:
    assert not read_query(query).passes(row(TRADE))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("/(/", r"/\(/: "),
        ("a price>", "price>: a value is missing"),
        ("price~", "price~: a value is missing"),
        ("price~/[/", "/"),
        ("@kind=x", "@kind: one of @size, @type, @peer, @dir"),
    ],
)
def test_what_cannot_be_is_said(query: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        read_query(query)


@pytest.mark.parametrize("text", ["/api/v1", "https://host/?a=b", "a->b", '"open', "/open", "=1", ">"])
def test_what_is_no_term_of_its_own_is_looked_for_as_it_is(text: str) -> None:
    assert read_query(text).passes(row(f"before {text} after"))


def test_bytes_are_found_as_text_and_as_hex() -> None:
    data = row(b'\xff{"a": 1}\x00', "#12")
    for query in ("ff", "FF7b", '"ff 7b"', '{"A":', "#12", "@type=binary"):
        assert read_query(query).passes(data)
    assert read_query("a=1").passes(row(b'{"a": 1}'))
    assert not read_query("a=1").passes(data)


def test_a_field_is_found_behind_an_escape() -> None:
    assert read_query("price=1").passes(row('{"\\u0070rice": 1}'))


def test_what_is_looked_for_can_be_marked() -> None:
    marks = read_query('abc "d e" /f+/ -no type=x').marks
    assert [mark.pattern for mark in marks] == ["abc", r"d\ e", "f+"]


@given(st.text(min_size=1, max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=9))
def test_the_term_for_a_value_asks_for_it(name: str, value: object) -> None:
    query = read_query(equals_term(path_text((name,)), as_text(value)))
    assert query.passes(row(json.dumps({name: value})))
    assert not query.passes(row(json.dumps({name: [value]})))


@given(st.text())
def test_any_text_is_a_query_or_an_error_that_says_why(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_query(text).passes(row(TRADE)), bool)
