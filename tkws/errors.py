"""Every exception of the package, under one root.

A fault of the program raises at the call that made it. A fault of the peer or of
the network never raises: it arrives as an ``error``, ``timeout`` or ``close`` event,
whose message is one of these exceptions or names its code.

What the other side said may be part of a message. It is shown by `printable`: a line break or a
terminal's control sequence in it cannot forge a line of a log.

Every exception can be copied and pickled, and so sent to another process, with all that it carries.
That is arranged in the root, by what an instance has and not by how it was made: subclasses may have
any constructor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

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
    return "".join(map(_shown, text))


@lru_cache(4096)
def _shown(char: str) -> str:
    return char if char.isprintable() and _UNSEEN.match(char) is None else ascii(char)[1:-1]


_OF_OSERROR = ("errno", "strerror", "filename", "filename2")

_Error = TypeVar("_Error", bound="WebSocketError")


class WebSocketError(Exception):
    """The root: ``except tkws.WebSocketError`` catches whatever tkws raises of its own.

    A copy, and what comes out of a pickle, has the same attributes. It also has the ``__cause__``, unless
    that is an exception of others that cannot be pickled.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self.args), self._state(_can_travel(self.__cause__))

    def __copy__(self) -> WebSocketError:
        made = _remake(type(self), self.args)
        made.__setstate__(self._state(True))
        return made

    def _state(self, with_cause: bool) -> Any:
        """Return what `__setstate__` takes: attributes with their values, or what a subclass says."""
        state: Any = self.__getstate__()
        if type(self).__getstate__ is not object.__getstate__:
            return state
        plain, slots = state if isinstance(state, tuple) else (state, None)
        attributes = {**(plain or {}), **(slots or {})}
        if isinstance(self, OSError):  # these are in no __dict__
            values = {name: getattr(self, name) for name in _OF_OSERROR}
            attributes |= {name: value for name, value in values.items() if value is not None}
        if with_cause and self.__cause__ is not None:
            attributes["__cause__"] = self.__cause__
        return {**attributes, "__suppress_context__": self.__suppress_context__}


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
        super().__init__(printable(reason))
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
        self.messages = [message if isinstance(message, str) else bytes(message) for message in messages]


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
        self.headers: Mapping[str, str] = _storable(headers)
        self.body = bytes(body)


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


def _storable(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return headers that can be pickled, which a view of a mapping cannot."""
    if headers is None:
        return {}
    return dict(headers) if isinstance(headers, MappingProxyType) else headers


def _remake(kind: type[_Error], args: tuple[Any, ...]) -> _Error:
    """Make an exception without its constructor, which may want anything."""
    builtin = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    made: _Error = builtin.__new__(kind)  # type: ignore[call-overload]
    made.args = args
    return made


def _can_travel(cause: BaseException | None) -> bool:
    """Whether a cause comes through a pickle; one of others may fail as late as when it is read."""
    if cause is None or isinstance(cause, WebSocketError):
        return True
    import pickle  # few programs send exceptions around

    try:
        return type(pickle.loads(pickle.dumps(cause))) is type(cause)
    except Exception:
        return False
