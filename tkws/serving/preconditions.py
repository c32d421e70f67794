"""Decides which part of a file a request gets, if any: conditions and ranges (RFC 9110, 13 and 14).

Pure functions of header values and of what is known of the file.
"""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import NamedTuple

from tkws.http.dates import parse_date
from tkws.http.headers import Headers

_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"bytes[ \t]*=[ \t,]*([0-9]{0,99})-([0-9]{0,99})[ \t,]*", re.IGNORECASE)


class Selection(NamedTuple):
    """The answer to a request for a file."""

    status: int
    """200; 206 with a part; 304 for nothing new; 412 for a condition that fails; 416 for a part that
    is not there."""

    start: int = 0
    stop: int = 0
    """The bytes to send, for 200 and 206."""


def select(method: str, headers: Headers, tag: str, modified: int, size: int) -> Selection:
    """Decide on the answer to a GET or HEAD request, in the order of RFC 9110, 13.2.2.

    Only a single range is served; several are answered with the whole file, as RFC 9110, 14.2
    allows.

    Args:
        method: ``"GET"`` or ``"HEAD"``.
        headers: The fields of the request.
        tag: The file's strong entity tag, with its quotes.
        modified: When it was last modified, in seconds since 1970.
        size: Its bytes.
    """
    if not _may_go_on(headers, tag, modified):
        return Selection(HTTPStatus.PRECONDITION_FAILED)
    if _is_known(headers, tag, modified):
        return Selection(HTTPStatus.NOT_MODIFIED)
    whole = Selection(HTTPStatus.OK, 0, size)
    if method != "GET" or not _range_is_of_this(headers, tag, modified):
        return whole
    return _select_range(headers.get("Range", ""), size) or whole


def _moment(date: str) -> float | None:
    return parse_date(date, time.time())


def _may_go_on(headers: Headers, tag: str, modified: int) -> bool:
    """Evaluate If-Match, or else If-Unmodified-Since."""
    if "If-Match" in headers:
        tags = headers["If-Match"]
        return tags.strip() == "*" or tag in _ENTITY_TAG.findall(tags)
    since = _moment(headers.get("If-Unmodified-Since", ""))
    return since is None or modified <= since


def _is_known(headers: Headers, tag: str, modified: int) -> bool:
    """Evaluate If-None-Match, or else If-Modified-Since."""
    if "If-None-Match" in headers:
        tags = headers["If-None-Match"]
        return tags.strip() == "*" or tag in (each.removeprefix("W/") for each in _ENTITY_TAG.findall(tags))
    since = _moment(headers.get("If-Modified-Since", ""))
    return since is not None and modified <= since


def _range_is_of_this(headers: Headers, tag: str, modified: int) -> bool:
    """Evaluate If-Range: a part of another version must not be joined to the parts of this one."""
    condition = headers.get("If-Range", "").strip()
    return not condition or condition == tag or ('"' not in condition and _moment(condition) == modified)


def _select_range(value: str, size: int) -> Selection | None:
    """Return what a Range field selects; None if it is to be ignored."""
    found = _RANGE.fullmatch(value.strip())
    if found is None or not size:  # an empty file has no Content-Range
        return None
    first, last = found.groups()
    if not first:
        if not last:
            return None
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size:
        return Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, stop)
