"""An opening whose URL the program makes for each attempt, such as one with a ticket that counts once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from tkws.checks import check_text
from tkws.client.opening import Opening, OpenSettings
from tkws.connection.attempt import Attempt
from tkws.errors import OpenError, URLError
from tkws.loop import Loop
from tkws.protocol.uri import WebSocketURI, parse_uri

STAND_IN: Final = parse_uri("wss://localhost/")
"""The URL of settings until the program has made one."""


class FreshURLOpening:
    """One attempt: asks for the URL, then opens it.

    Args:
        url: The program's callable. It may run Tk's loop, and close the connection.
        loop: The loop that it runs in.
        settings: The other settings.
        attempt: Receives the result.
    """

    def __init__(self, url: Callable[[], str], loop: Loop, settings: OpenSettings, attempt: Attempt) -> None:
        self._url = url
        self._loop = loop
        self._settings = settings
        self._attempt = attempt
        self._opening: Opening | None = None
        self._cancelled = False
        loop.call_soon(self._ask)

    def cancel(self) -> None:
        """Give up without reporting it. Idempotent."""
        self._cancelled = True
        if self._opening is not None:
            self._opening.cancel()
        elif self._settings.route.sock is not None:
            self._settings.route.sock.close()

    def _ask(self) -> None:
        if self._cancelled:
            return
        try:
            uri = self._read(self._url())
        except BaseException as cause:  # the program's own
            self._fail(cause)
            if not isinstance(cause, Exception):
                raise  # SystemExit leaves mainloop, which may be called again
            self._loop.report_exception()
            return
        if not self._cancelled:
            self._attempt.ws.url = str(uri)
            settings = dataclasses.replace(self._settings, uri=uri)
            self._opening = Opening(self._loop, settings, self._attempt)

    def _read(self, url: object) -> WebSocketURI:
        uri = parse_uri(check_text("url", url))
        route = self._settings.route
        for name, value in (("ssl", route.ssl_context), ("server_hostname", route.server_hostname)):
            if value is not None and not uri.secure:
                raise URLError(f"{uri.redacted} is not a wss: URL, and there is an argument {name}")
        return uri

    def _fail(self, cause: BaseException) -> None:
        if self._cancelled:
            return
        self.cancel()
        why = str(cause) or type(cause).__name__
        error = OpenError(f"The URL could not be made: {why}", phase="handshake")
        error.__cause__ = cause
        self._attempt.failed(error)
