"""Every exception of the package, under one root.

A fault of the program raises at the call that made it. A fault of the peer or of
the network never raises: it arrives as an ``error``, ``timeout`` or ``close`` event,
whose message is one of these exceptions or names its code.

What the other side said may be part of a message. It is shown by `printable`: a line break or a
terminal's control sequence in it cannot forge a line of a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# What Unicode calls default ignorable, beside the characters of format that `str.isprintable` knows:
# fillers, joiners and variation selectors, which take no room and leave no trace.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """Return ``text`` in one line, with what cannot be seen in it escaped as Python does it.

    That is all that `str.isprintable` refuses (controls, line breaks, marks of direction and other
    characters of format, surrogates, characters for private use, spaces but ``" "``), and what
    Unicode calls default ignorable, such as variation selectors.
    """
    if text.isprintable() and (text.isascii() or _UNSEEN.search(text) is None):
        return text
    return "".join(
        char if char.isprintable() and _UNSEEN.match(char) is None else ascii(char)[1:-1] for char in text
    )


class WebSocketError(Exception):
    """The root: ``except tkws.WebSocketError`` catches whatever tkws raises of its own."""


class URLError(WebSocketError, ValueError):
    """A URL that names no WebSocket server (RFC 6455, 3)."""


class StateError(WebSocketError, RuntimeError):
    """A call that does not fit the state of its object."""


class ProtocolError(WebSocketError):
    """The peer broke RFC 6455 or RFC 7692, or a limit that this side sets.

    Attributes:
        code: The close code that this side sent to the peer, such as 1002 or 1009 (RFC 6455, 7.4.1). The
            ``close`` event that follows has 1006, as no Close frame came.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class ConnectionClosed(WebSocketError):
    """A connection that was open is over; the cause of a ``retry`` event.

    Attributes:
        code: The code of the ``close`` event.
        reason: Its reason.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(printable(f"The connection was closed: {code} {reason}".rstrip()))
        self.code = code
        self.reason = reason


class MessagesLost(WebSocketError):
    """Messages that were handed over and will never be sent, by this side's own knowledge.

    They waited in the offline buffer when the connection was given up, or another thread handed them
    in and no connection took them; ``__cause__`` then is the `StateError` of the last that was refused.

    Attributes:
        messages: What they were, the oldest first; of one sent in fragments those that were left.
    """

    def __init__(self, messages: list[str | bytes]) -> None:
        super().__init__(f"{len(messages)} messages were not sent")
        self.messages = messages


class OpenError(WebSocketError):
    """The opening failed; the connection never was.

    Attributes:
        phase: What was going on: ``"resolve"``, ``"connect"``, ``"proxy"``, ``"tls"``
            or ``"handshake"``.
        status: The HTTP status, where the other side answered with one; else None.
        headers: That answer's headers; empty where there was none.
        body: As much of that answer's body as came in a second, up to 64 KiB, in bytes; without the
            coding where that is gzip or deflate.
    """

    def __init__(
        self,
        message: str,
        *,
        phase: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(printable(message))
        self.phase = phase
        self.status = status
        self.headers: Mapping[str, str] = {} if headers is None else headers
        self.body = body


class OpenTimeout(OpenError, TimeoutError):
    """The opening took longer than its ``timeout``; ``phase`` says where it stood."""


class HandshakeError(OpenError):
    """A request or an answer that is no valid opening handshake (RFC 6455, 4).

    Attributes:
        part: The part at fault: ``"method"``, ``"version"``, ``"upgrade"``,
            ``"connection"``, ``"key"``, ``"accept"``, ``"protocol"``, ``"extension"``,
            ``"host"``, ``"origin"``, ``"path"`` or ``"http"``.
    """

    def __init__(
        self,
        message: str,
        *,
        part: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message, phase="handshake", status=status, headers=headers, body=body)
        self.part = part
