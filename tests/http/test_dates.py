"""Dates of HTTP in their three forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given, strategies as st

from tkws.http.dates import format_date, parse_date

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
        "0", f"Thu, 29 Feb {'9' * 40} 12:00:00 GMT", "Thu, 29 Feb 2024 12:00:00 +9999999999",
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


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439))  # noqa: DTZ001 - hypothesis wants them naive
def test_a_date_is_the_one_that_python_writes(moment, minutes):
    there = timezone(timedelta(minutes=minutes))
    aware = moment.replace(microsecond=0, tzinfo=there)
    assert parse_date(format_datetime(aware), NOW) == aware.timestamp()


PARTS = ("Thu", ",", " ", "29", "Feb", "-", "2024", "24", "12:00:00", ":", "GMT", "+0100", "(", ")", "9" * 20)


@given(st.integers(0, 253_402_300_799))
def test_a_date_is_written_as_python_writes_it(seconds):
    assert format_date(seconds) == formatdate(seconds, usegmt=True)
    assert parse_date(format_date(seconds + 0.5), NOW) == seconds


@pytest.mark.parametrize("year", [1970, 1972, 1999, 2000, 2026, 2100, 2400, 9999])
def test_a_year_begins_and_ends(year):
    for moment in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)):
        assert format_date(moment.timestamp()) == format_datetime(moment, usegmt=True)


@given(st.text() | st.lists(st.sampled_from(PARTS)).map("".join))
def test_any_text_is_a_date_or_none(text):
    assert parse_date(text, NOW) is None or isinstance(parse_date(text, NOW), float | int)
