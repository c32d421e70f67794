"""Conditions and ranges: which part of a file a request gets, if any."""

from __future__ import annotations

from calendar import timegm

import pytest

from tkws.http.headers import Headers
from tkws.serving.preconditions import Selection, select

TAG = '"abc"'
MODIFIED = timegm((2024, 2, 29, 12, 0, 0))
THEN = "Thu, 29 Feb 2024 12:00:00 GMT"
BEFORE = "Thu, 29 Feb 2024 11:59:59 GMT"
AFTER = "Thu, 29 Feb 2024 12:00:01 GMT"
SIZE = 1000
WHOLE = Selection(200, 0, SIZE)


def ask(method="GET", size=SIZE, **fields: str) -> Selection:
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    return select(method, headers, TAG, MODIFIED, size)


def test_without_conditions_it_is_all():
    assert ask() == ask("HEAD") == WHOLE


@pytest.mark.parametrize(
    ("value", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=10-19", 10, 20),
        ("bytes=990-5000", 990, SIZE),
        ("bytes=999-", 999, SIZE),
        ("bytes=-1", 999, SIZE),
        ("bytes=-5000", 0, SIZE),
        ("BYTES = 1-2", 1, 3),
        ("bytes=0-99999999999999999999999999999999", 0, SIZE),
        ("bytes=,1-2,", 1, 3),
    ],
)
def test_a_range(value, start, stop):
    assert ask(Range=value) == (206, start, stop)
    assert ask("HEAD", Range=value) == WHOLE  # RFC 9110, 14.2


@pytest.mark.parametrize(
    "value", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999-"]
)
def test_a_range_that_is_not_there(value):
    assert ask(Range=value).status == 416


@pytest.mark.parametrize(
    "value",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-4", "bytes=a-b", "bytes=1-2x", "bytes=+1-2",
        "bytes=1--2", "bytes=0x1-2", "bytes=1-2,4-5", "lines=1-2", "bytes=1-2; x", "bytes=\u0661-2",
        f"bytes={'9' * 5000}-", "bytes 1-2", "=1-2", "none",
    ],
)  # fmt: skip
def test_what_is_no_single_range_is_ignored(value):
    headers = Headers.received([(b"Range", value.encode("latin-1", "replace"))])
    assert select("GET", headers, TAG, MODIFIED, SIZE) == WHOLE


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-"])
def test_an_empty_file_has_no_ranges(value):
    assert ask(size=0, Range=value) == (200, 0, 0)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (TAG, True),
        (THEN, True),
        ('"other"', False),
        (f"W/{TAG}", False),
        (BEFORE, False),
        (AFTER, False),
        ("nonsense", False),
    ],
)
def test_a_range_of_another_version_is_the_whole_file(condition, fits):
    assert ask(Range="bytes=1-2", If_Range=condition) == ((206, 1, 3) if fits else WHOLE)
    assert ask(If_Range=condition) == WHOLE


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If_None_Match": TAG}, 304),
        ({"If_None_Match": f"W/{TAG}"}, 304),
        ({"If_None_Match": f'"a,b" , W/"x",{TAG}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": "abc"}, 200),
        ({"If_None_Match": ""}, 200),
        ({"If_Modified_Since": THEN}, 304),
        ({"If_Modified_Since": AFTER}, 304),
        ({"If_Modified_Since": BEFORE}, 200),
        ({"If_Modified_Since": "Thursday, 29-Feb-24 12:00:00 GMT"}, 304),
        ({"If_Modified_Since": "Thu Feb 29 12:00:00 2024"}, 304),
        ({"If_Modified_Since": "Thu Feb 29 11:00:00 2024"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": AFTER}, 200),
        ({"If_None_Match": TAG, "If_Modified_Since": BEFORE}, 304),
        ({"If_None_Match": TAG, "Range": "bytes=0-1"}, 304),
        ({"If_Match": TAG}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": f"W/{TAG}"}, 412),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": '"other"', "If_None_Match": TAG}, 412),
        ({"If_Unmodified_Since": THEN}, 200),
        ({"If_Unmodified_Since": BEFORE}, 412),
        ({"If_Unmodified_Since": "never"}, 200),
        ({"If_Match": TAG, "If_Unmodified_Since": BEFORE}, 200),
    ],
)
def test_conditions(fields, status):
    assert ask(**fields).status == status
    assert ask("HEAD", **fields).status == status
