"""Dates of HTTP in their three forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from tkws.http.dates import parse_date

NOW = datetime(2025, 6, 1, tzinfo=UTC).timestamp()
THEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "  sun, 6 nov 1994 8:49:37 gmt ",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 10:19:37 +0130",
        "Sun, 06 Nov 1994 07:19:37 -0130",
        "06 Nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_the_forms_of_a_date(text):
    assert parse_date(text, NOW) == THEN


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "Sun", "Sun, 31 Feb 2025 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 EST", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov \u0661994 08:49:37 GMT",
        "Sun, " + "0" * 5000 + "6 Nov 1994 08:49:37 GMT", "9" * 5000, "-1", "1.5",
    ],
)  # fmt: skip
def test_what_is_no_date(text):
    assert parse_date(text, NOW) is None


@pytest.mark.parametrize(
    ("digits", "year"), [("25", 2025), ("00", 2000), ("75", 2075), ("76", 1976), ("99", 1999)]
)
def test_two_digits_are_at_most_fifty_years_ahead(digits, year):
    moment = datetime(year, 3, 1, tzinfo=UTC).timestamp()
    assert parse_date(f"Sunday, 01-Mar-{digits} 00:00:00 GMT", NOW) == moment


def test_two_digits_at_the_end_of_a_century():
    now = datetime(2099, 12, 31, tzinfo=UTC).timestamp()
    assert parse_date("Friday, 01-Jan-00 00:00:00 GMT", now) == datetime(2100, 1, 1, tzinfo=UTC).timestamp()


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439))  # noqa: DTZ001
def test_a_date_is_the_one_that_python_writes(moment, minutes):
    there = timezone(timedelta(minutes=minutes))
    aware = moment.replace(microsecond=0, tzinfo=there)
    assert parse_date(format_datetime(aware), NOW) == aware.timestamp()


@given(st.text())
def test_any_text_is_a_date_or_none(text):
    assert parse_date(text, NOW) is None or isinstance(parse_date(text, NOW), float | int)
