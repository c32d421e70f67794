"""Opens a connection: the request's fields, redirects, challenges, cookies, and one timeout for all of it.

Knows what the answers mean; `tkws.client.connector` reaches a server. The `Attempt` gets the result, once.

The program's own code (the callable for the headers, the cookie jar, `report_callback_exception`) may run
Tk's loop, close the connection or take a minute: after each call, the opening checks whether it is over.
"""

from __future__ import annotations

import codecs
import dataclasses
import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tkws.client.challenges import Challenges
from tkws.client.connector import Connector
from tkws.client.route import Route
from tkws.connection.attempt import Attempt, Opened
from tkws.connection.logs import ShownFields
from tkws.errors import HandshakeError, OpenError, OpenTimeout, URLError, printable
from tkws.http.answers import USER_AGENT
from tkws.http.headers import Headers, HeadersLike
from tkws.loop import Loop
from tkws.net import Stream
from tkws.plurals import counted
from tkws.protocol.clienthandshake import Accepted, ClientHandshake
from tkws.protocol.deflate import Deflate
from tkws.protocol.uri import WebSocketURI, follow

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

MAX_REDIRECTS = 10
"""How many are followed unless the program says otherwise."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_SECRET_FIELDS = frozenset(("authorization", "cookie", "proxy-authorization"))

_DOING = MappingProxyType(
    {
        "resolve": "finding its address",
        "connect": "connecting",
        "proxy": "finding a way through the proxy",
        "tls": "agreeing on TLS",
        "handshake": "waiting for the answer to the opening handshake",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OpenSettings:
    """The settings of an opening: the arguments of `tkws.open`."""

    uri: WebSocketURI
    timeout: float
    protocols: Sequence[str] = ()
    headers: HeadersLike | Callable[[], HeadersLike] = ()
    origin: str | None = None
    user_agent: str | None = USER_AGENT
    deflate: Deflate | None = None
    route: Route
    cookies: CookieJar | None = None
    max_redirects: int = MAX_REDIRECTS

    def load(self) -> None:
        """Import the modules that only openings need, before anything depends on them.

        Raises:
            OSError: No descriptor is left to read the modules with.
        """
        codecs.lookup("idna")  # for names and for certificates
        if self.cookies is not None:
            import tkws.client.cookies  # noqa: F401 - used later

    def handshake(self, uri: WebSocketURI, authorization: str | None = None) -> ClientHandshake:
        """Return the handshake with ``uri``: the first URL, or the target of a redirect.

        Args:
            uri: The server.
            authorization: The answer to its challenge; None for none.
        """
        fields = Headers(self.headers() if callable(self.headers) else self.headers)
        if not uri.is_same_server(self.uri):
            fields = Headers([field for field in fields.fields if field[0].lower() not in _SECRET_FIELDS])
        if self.cookies is not None and "Cookie" not in fields:
            from tkws.client.cookies import cookie_header

            fields = Headers([*fields.fields, *cookie_header(self.cookies, uri)])
        if authorization is not None and "Authorization" not in fields:
            fields = Headers([("Authorization", authorization), *fields.fields])
        return ClientHandshake(
            dataclasses.replace(uri, username=None) if self.route.digest else uri,
            nonce=os.urandom(16),
            protocols=self.protocols,
            headers=fields,
            origin=self.origin,
            deflate=self.deflate,
            user_agent=self.user_agent,
        )

    def with_socket(self, sock: socket.socket) -> OpenSettings:
        """Return the same settings with ``sock`` in the place of the program's own socket object."""
        return dataclasses.replace(self, route=dataclasses.replace(self.route, sock=sock))

    def redirected(self, uri: WebSocketURI, location: str) -> WebSocketURI:
        """Return the target of a redirect from ``uri``.

        Raises:
            URLError: The redirect leads to no WebSocket, from TLS to none, or away from the route that
                the program chose. The message can follow "it".
        """
        target = follow(uri, location)
        if uri.secure and not target.secure:
            raise URLError("would leave TLS")
        if self.route.sock is not None:
            raise URLError("needs another connection, and sock is only one")
        binding = self.route.binding
        if binding is not None and not target.is_same_server(uri):
            raise URLError(f"leads to another server than {uri.origin}, {binding}")
        return target


class Opening:
    """One attempt to open a WebSocket, including redirects.

    Args:
        loop: The loop that it runs in.
        settings: The URL to open, and the options.
        attempt: Receives the result.
    """

    def __init__(self, loop: Loop, settings: OpenSettings, attempt: Attempt) -> None:
        self._loop = loop
        self._attempt = attempt
        self._log = attempt.log
        self._settings = settings
        self._uri = settings.uri
        self._redirects = 0
        self._challenges = Challenges()
        self._overdue = False
        self._connector: Connector | None = None
        self._over = False
        self._timer = loop.call_on_timeout(settings.timeout, self._on_timeout)
        # Not in a row with others to the same address (RFC 6455, 4.1): docs/rfc6455.md says why.
        loop.call_soon(self._go)

    def cancel(self) -> None:
        """Give up without reporting it. Idempotent."""
        self._over = True
        self._timer.cancel()
        if self._connector is not None:
            self._connector.cancel()
        elif self._settings.route.sock is not None:
            self._settings.route.sock.close()

    def _go(self) -> None:
        if self._is_over():
            return
        try:
            self._settings.load()
        except OSError as cause:
            error = OpenError(f"Cannot connect to {self._uri.redacted}: {cause}", phase="connect")
            error.__cause__ = cause
            self._fail(error)
            return
        try:
            handshake = self._settings.handshake(self._uri, self._challenges.authorization)
        except BaseException as cause:  # the program's own, from the callable that makes the headers
            why = str(cause) or type(cause).__name__
            error = OpenError(f"The headers could not be made: {why}", phase="handshake")
            error.__cause__ = cause
            self._fail(error)
            if not isinstance(cause, Exception):
                raise  # SystemExit leaves mainloop, which may be called again
            self._loop.report_exception()
            return
        if self._is_over():
            return
        self._attempt.ws.request = handshake.request
        self._log.info("opening %s", self._uri.redacted)
        route, answer = self._settings.route, self._challenges.proxy_authorization
        self._connector = Connector(
            self._loop,
            self._uri,
            route if answer is None else route.with_proxy_authorization(answer),
            handshake,
            log=self._log,
            on_answer=self._answered,
            on_failed=self._not_reached,
        )

    def _answered(self, answer: Accepted | HandshakeError, stream: Stream) -> None:
        if isinstance(answer, Accepted):
            self._open(answer, stream)
            return
        stream.abort()
        headers = Headers(answer.headers)
        self._log.info("not accepted: %s", answer)
        self._log.debug("fields of the answer: %s", ShownFields(headers))
        try:
            self._keep_cookies(headers)
        finally:  # also if a jar's SystemExit leaves mainloop, which may be called again
            self._follow_or_fail(answer, headers)

    def _follow_or_fail(self, answer: HandshakeError, headers: Headers) -> None:
        """Follow a redirect, answer a challenge, or fail with the refusal."""
        if self._is_over():
            return
        if answer.status in _REDIRECTS and "Location" in headers:
            self._redirect(answer, headers.get_all("Location"))
        elif self._may_ask_again() and self._challenges.answer(answer, self._uri, self._sent_authorization()):
            self._log.info("answering the challenge of the server")
            self._go()
        else:
            self._fail(answer)

    def _not_reached(self, error: OpenError) -> None:
        """Answer the challenge of a proxy, or fail."""
        assert self._connector is not None
        route, proxy = self._settings.route, self._connector.proxy
        answerable = self._may_ask_again() and "Proxy-Authorization" not in route.proxy_headers
        if answerable and self._challenges.answer_proxy(error, proxy, *route.target(self._uri)):
            self._log.info("answering the challenge of the proxy %s", proxy)
            self._go()
        else:
            self._fail(error)

    def _may_ask_again(self) -> bool:
        """Tell whether another connection can be made, for a second request."""
        return not self._overdue and not self._is_over() and self._settings.route.sock is None

    def _sent_authorization(self) -> str | None:
        request = self._attempt.ws.request
        assert request is not None
        return request.headers.get("Authorization")

    def _open(self, answer: Accepted, stream: Stream) -> None:
        self._over = True
        self._timer.cancel()
        self._log.info("accepted with status %d", answer.response.status)
        self._log.debug("fields of the answer: %s", ShownFields(answer.response.headers))
        assert self._connector is not None
        self._attempt.ws.timings = self._connector.timings
        self._log.debug("the steps took: %s", self._attempt.ws.timings)
        self._attempt.ws.response = answer.response
        self._attempt.ws.protocol = answer.protocol
        self._attempt.opened(Opened(stream, answer.protocol, answer.compression, answer.trailing_data))
        self._keep_cookies(answer.response.headers)

    def _keep_cookies(self, headers: Headers) -> None:
        if self._settings.cookies is None:
            return
        from tkws.client.cookies import store_cookies

        try:
            store_cookies(self._settings.cookies, self._uri, headers)
        except Exception:  # the program's own, from its jar: the server has answered all the same
            self._loop.report_exception()

    def _redirect(self, answer: HandshakeError, locations: list[str]) -> None:
        self._redirects += 1
        location = locations[0]
        try:
            if len(set(locations)) > 1:
                raise URLError("is one of several in the answer")
            if self._redirects > self._settings.max_redirects:
                most = self._settings.max_redirects
                raise URLError(f"comes after {most}, and max_redirects allows no more")
            self._uri = self._settings.redirected(self._uri, location)
        except URLError as error:
            said = f"{answer}; the redirect to {_shown(location)!r} is not followed: it {error}"
            answer.args = (printable(said),)
            self._fail(answer)
            return
        self._log.info("redirected by %d to %s", answer.status, self._uri.redacted)
        self._challenges = Challenges()
        self._go()

    def _is_over(self) -> bool:
        """Tell whether it was cancelled or has timed out, perhaps while the program's own code ran."""
        return self._over

    def _on_timeout(self) -> None:
        self._overdue = True
        if self._connector is not None and self._connector.use_partial_answer():
            return
        phase = self._connector.phase if self._connector is not None else "connect"
        limit = counted(self._settings.timeout, "second", style="g")
        message = f"Timeout when connecting to {self._uri.redacted}: {limit} passed while"
        self._fail(OpenTimeout(f"{message} {_DOING[phase]}", phase=phase))

    def _fail(self, error: OpenError) -> None:
        if self._is_over():
            return
        self.cancel()
        self._attempt.failed(error)


def _shown(location: str) -> str:
    """Return a URL or a part of one without credentials and without the query."""
    return re.split("[?#]", location)[0].rpartition("@")[2]
