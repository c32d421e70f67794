"""What proxies note in the fields Forwarded and X-Forwarded-For, and what clients may write there."""

from __future__ import annotations

import pytest

from tkws.http.forwarded import forwarded_for
from tkws.http.headers import Headers

V4, V6 = ("192.0.2.7", 0), ("2001:db8::7", 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "nodes"),
    [
        ([], []),
        ([("X-Forwarded-For", "192.0.2.7")], [V4]),
        ([("X-Forwarded-For", "192.0.2.7 , 2001:DB8::7")], [V4, V6]),
        (
            [("X-Forwarded-For", "192.0.2.7:80, [2001:db8::7]:81")],
            [("192.0.2.7", 80), ("2001:db8::7", 81, 0, 0)],
        ),
        ([("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-For", "2001:db8::7")], [V4, V6]),
        (
            [("X-Forwarded-For", "unknown, 192.0.2.7:99999, 1.2.3, ,[x], 192.0.2.7")],
            [None, None, None, None, V4],
        ),
        ([("Forwarded", "for=192.0.2.7")], [V4]),
        ([("Forwarded", 'For="[2001:db8::7]";proto=https; by=203.0.113.43')], [V6]),
        ([("Forwarded", 'proto=http ; for = "192.0.2.7:80"')], [("192.0.2.7", 80)]),
        ([("Forwarded", "for=_hidden, for=unknown,proto=http, for=192.0.2.7")], [None, None, None, V4]),
        ([("Forwarded", "for=192.0.2.7"), ("Forwarded", "for=2001:db8::7")], [V4, V6]),
        ([("Forwarded", 'for="a,b;for=1.1.1.1\\"", for=192.0.2.7')], [None, V4]),
        ([("Forwarded", 'for=192.0.2.7, for="192.0.2.8')], [None]),  # a quote that does not end
        ([("Forwarded", 'for="'), ("Forwarded", "for=192.0.2.7")], [None]),
        ([("Forwarded", "for=192.0.2.7"), ("X-Forwarded-For", "192.0.2.7")], [V4]),
        ([("Forwarded", "for=192.0.2.7:8"), ("X-Forwarded-For", "192.0.2.7")], [("192.0.2.7", 8)]),
        ([("Forwarded", "for=192.0.2.7"), ("X-Forwarded-For", "192.0.2.8")], []),
        ([("Forwarded", ",,"), ("X-Forwarded-For", "192.0.2.7")], [V4]),
    ],
)
def test_what_proxies_note(fields, nodes):
    assert forwarded_for(Headers(fields)) == nodes


def test_a_long_field_takes_no_long_time():
    for value in ('"' * 16_000, 'for="\\' * 3000, "for=" + "[" * 16_000, ";" * 16_000, '"\\' * 8000):
        assert not any(forwarded_for(Headers({"Forwarded": value})))
