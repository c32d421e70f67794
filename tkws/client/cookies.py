"""Cookies of the opening handshake, kept in the standard library's jar.

`http.cookiejar` was made for `urllib`: it wants a request and a response of its kind. It was also made for
older cookies than browsers know, so what a server sets is read here as browsers read it (RFC 6265bis, 5.6),
and the jar is given only what that leaves: nothing that a server sends is an error. An exception of the
program's own jar is.
"""

from __future__ import annotations

import math
import re
import time
from email.message import Message
from http.cookiejar import CookieJar
from urllib.request import Request

from tkws.http.authority import is_loopback
from tkws.http.dates import parse_date
from tkws.http.headers import CONTROL, Headers
from tkws.protocol.uri import WebSocketURI

MAX_COOKIE = 4096
"""Characters that the name and the value of a cookie may have together; a longer one is ignored."""

_MAX_AGE = 400 * 24 * 3600  # seconds
_WITH_TEXT = frozenset(("domain", "samesite"))
_WHOLE_NUMBER = re.compile(r"(-?)([0-9]+)")


def cookie_header(jar: CookieJar, uri: WebSocketURI) -> list[tuple[str, str]]:
    """Return the Cookie field for a request, as a list of one pair or none."""
    request = _request(uri)
    jar.add_cookie_header(request)
    value = request.get_header("Cookie")
    return [] if value is None else [("Cookie", value)]


def store_cookies(jar: CookieJar, uri: WebSocketURI, headers: Headers) -> None:
    """Put the cookies that an answer sets into the jar."""
    read = (
        _read(value, uri.host, trustworthy=_is_trustworthy(uri)) for value in headers.get_all("Set-Cookie")
    )
    cookies = [cookie for cookie in read if cookie is not None]
    jar.extract_cookies(_Answer(cookies), _request(uri))  # type: ignore[arg-type] # all that it asks for


def _read(value: str, host: str, *, trustworthy: bool) -> str | None:
    """Return a cookie with the attributes that browsers know; None for one that they ignore."""
    pair, *attributes = value.split(";")
    name, separator, content = (part.strip(" \t") for part in pair.partition("="))
    if CONTROL.search(value) or not name or not separator or len(name + content) > MAX_COOKIE:
        return None
    kept: dict[str, str] = {}
    expires = ""
    for attribute in attributes:
        key, _, said = (part.strip(" \t") for part in attribute.partition("="))
        key = key.lower()
        if key == "secure":
            if not trustworthy:
                return None
            kept[key] = key
        elif key == "max-age" and (age := _WHOLE_NUMBER.fullmatch(said)):
            seconds = min(int(age[2].lstrip("0")[:10] or 0), _MAX_AGE)
            kept[key] = f"{key}={age[1]}{seconds}"
        elif key == "expires" and (date := parse_date(said, time.time())) is not None:
            left = min(max(math.ceil(date - time.time()), 0), _MAX_AGE)
            expires = f"max-age={left}"  # the jar's own reading of dates fails for some numbers
        elif key == "httponly":
            kept[key] = key
        elif (key in _WITH_TEXT and said) or (key == "path" and said.startswith("/")):
            kept[key] = f"{key}={said}"
    if expires:
        kept.setdefault("max-age", expires)  # which wins if it is there (RFC 6265bis, 5.7)
    if "." not in host and kept.get("domain", "").lower() in (f"domain={host}", f"domain=.{host}"):
        del kept["domain"]  # no such domain is known to the jar, and the host's own cookie needs none
    return "; ".join([f"{name}={content}", *kept.values()])


def _request(uri: WebSocketURI) -> Request:
    """Return a request for the jar; as over TLS where `_is_trustworthy`, for cookies that are Secure."""
    scheme = "https" if _is_trustworthy(uri) else "http"
    return Request(f"{scheme}://{uri.host_header}{uri.target}")


def _is_trustworthy(uri: WebSocketURI) -> bool:
    """Tell whether a connection cannot be overheard, as browsers judge it (W3C Secure Contexts, 3.1)."""
    return uri.secure or is_loopback(uri.host)


class _Answer:
    """The part of a response that the jar reads."""

    def __init__(self, cookies: list[str]) -> None:
        self._fields = Message()
        for cookie in cookies:
            self._fields["Set-Cookie"] = cookie

    def info(self) -> Message:
        return self._fields
