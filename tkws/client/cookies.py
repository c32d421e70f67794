"""Cookies of the opening handshake, kept in the standard library's jar.

`http.cookiejar` was made for `urllib`: it wants a request and a response of its kind.
"""

from __future__ import annotations

from email.message import Message
from http.cookiejar import CookieJar
from urllib.request import Request

from tkws.http.headers import Headers
from tkws.protocol.uri import WebSocketURI


def cookie_header(jar: CookieJar, uri: WebSocketURI) -> list[tuple[str, str]]:
    """Return the Cookie field for a request, as a list of one pair or none."""
    request = Request(f"{uri.origin}{uri.target}")
    jar.add_cookie_header(request)
    value = request.get_header("Cookie")
    return [] if value is None else [("Cookie", value)]


def store_cookies(jar: CookieJar, uri: WebSocketURI, headers: Headers) -> None:
    """Put the cookies that an answer sets into the jar."""
    jar.extract_cookies(_Answer(headers), Request(f"{uri.origin}{uri.target}"))  # type: ignore[arg-type]


class _Answer:
    """What the jar asks of a response."""

    def __init__(self, headers: Headers) -> None:
        self._fields = Message()
        for value in headers.get_all("Set-Cookie"):
            self._fields["Set-Cookie"] = value

    def info(self) -> Message:
        return self._fields
