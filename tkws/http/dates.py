"""Dates of HTTP (RFC 9110, 5.6.7): written in one form, read in all three. The time is handed in."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # from 1 January 1970 on
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = 86_400  # seconds

# Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37 1994
_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_ZONE = r"(?: +(?:gmt|utc?|z|(?P<zone>[+-][0-9]{4})))?"
_DAY_FIRST = r"(?P<day>[0-9]{1,2})[ -](?P<month>[a-z]{3})"
_MONTH_FIRST = r"(?P<month>[a-z]{3}) +(?P<day>[0-9]{1,2})"
_DATE = re.compile(rf"(?:[a-z]+,? +)?{_DAY_FIRST}[ -](?P<year>[0-9]{{4}}|[0-9]{{2}}) +{_TIME}{_ZONE}")
_ASCTIME = re.compile(rf"[a-z]+ +{_MONTH_FIRST} +{_TIME} +(?P<year>[0-9]{{4}}){_ZONE}")


def format_date(seconds: float) -> str:
    """Return a moment as a date, such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Args:
        seconds: Those since 1970, at least 0.
    """
    days, second = divmod(int(seconds), _DAY)
    year = 1970 + int(days / 365.2425)
    year += (days >= _days_before(year + 1, 0)) - (days < _days_before(year, 0))
    month = sum(days >= _days_before(year, month) for month in range(1, 12))
    date = f"{days - _days_before(year, month) + 1:02} {_MONTHS[month].title()} {year:04}"
    return f"{_WEEKDAYS[days % 7]}, {date} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} GMT"


def parse_date(text: str, now: float) -> float | None:
    """Return the moment of a date in seconds since 1970; None if the text is not a date.

    Args:
        text: The date.
        now: The time in the same seconds, to which a year of two digits is completed.
    """
    text = text.strip().lower()
    parts = _DATE.fullmatch(text) or _ASCTIME.fullmatch(text)
    if parts is None or parts["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(parts["month"])
    day, hour, minute, second = (int(parts[name]) for name in ("day", "hour", "minute", "second"))
    zone = int(parts["zone"] or 0)
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year = _nearest_year(year, now)
    if not 1 <= day <= _DAYS[month] + (month == 1 and _is_leap(year)):
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    offset = (abs(zone) // 100 * 60 + abs(zone) % 100) * (60 if zone >= 0 else -60)
    return _days_before(year, month) * _DAY + (day - 1) * _DAY + hour * 3600 + minute * 60 + second - offset


def _nearest_year(two_digits: int, now: float) -> int:
    """Return a year at most 50 years ahead (RFC 9110, 5.6.7)."""
    this_year = 1970 + int(now / (365.2425 * _DAY))
    year = this_year // 100 * 100 + two_digits
    if year > this_year + 50:
        return year - 100
    return year + 100 if year < this_year - 49 else year


def _days_before(year: int, month: int) -> int:
    """Return the days from 1970 to the beginning of a month, counted from 0."""
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 - 719_162
    return days + sum(_DAYS[:month]) + (month > 1 and _is_leap(year))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
