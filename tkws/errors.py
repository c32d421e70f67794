"""Every exception of the package, under one root.

A mistake of the program raises at the call that made it. A fault of the peer or the network never raises:
it arrives as an ``error``, ``timeout`` or ``close`` event, whose message is one of these exceptions or
contains its code.

Text from the peer may be part of a message. `printable` escapes it: a line break or a terminal's control
sequence in it cannot forge a line of a log.

Every exception can be copied and pickled, and so sent to another process, with all its attributes. The root
class does this from the attributes of the instance, without calling the constructor: subclasses may have
any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from tkws.plurals import counted

# Characters that Unicode calls default ignorable, except format characters, which `str.isprintable` knows:
# fillers, joiners and variation selectors, which are not displayed.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """Return ``text`` on one line, with invisible characters escaped as Python escapes them.

    These are all that `str.isprintable` refuses (controls, line breaks, direction marks and other format
    characters, surrogates, private-use characters, spaces other than ``" "``), and those that Unicode
    calls default ignorable, such as variation selectors.
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
    """The root: ``except tkws.WebSocketError`` catches every exception that is tkws's own.

    A copy or an unpickled instance has the same attributes. It also has the ``__cause__``, unless that is a
    foreign exception that cannot be pickled.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self.args), self._state(_can_travel(self.__cause__))

    def __copy__(self) -> WebSocketError:
        made = _remake(type(self), self.args)
        made.__setstate__(self._state(True))
        return made

    def _state(self, with_cause: bool) -> Any:
        """Return the state for `__setstate__`: attributes with their values, or a subclass's own state."""
        state: Any = self.__getstate__()
        if type(self).__getstate__ is not object.__getstate__:
            return state
        plain, slots = state if isinstance(state, tuple) else (state, None)
        attributes = {**(plain or {}), **(slots or {})}
        if isinstance(self, OSError):  # these are not in the __dict__
            values = {name: getattr(self, name) for name in _OF_OSERROR}
            attributes |= {name: value for name, value in values.items() if value is not None}
        if with_cause and self.__cause__ is not None:
            attributes["__cause__"] = self.__cause__
        return {**attributes, "__suppress_context__": self.__suppress_context__}


class URLError(WebSocketError, ValueError):
    """A URL that is not the URL of a WebSocket server (RFC 6455, 3)."""


class StateError(WebSocketError, RuntimeError):
    """A call that is not allowed in the present state of its object."""


class ProtocolError(WebSocketError):
    """The peer violated RFC 6455 or RFC 7692, or exceeded a limit of this side.

    Attributes:
        code: The close code that this side sent to the peer, such as 1002 or 1009 (RFC 6455, 7.4.1). The
            following ``close`` event has 1006, since no Close frame was received.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(printable(reason))
        self.code = code


class ConnectionClosed(WebSocketError):
    """A connection that was open has ended; the cause of a ``retry`` event.

    Attributes:
        code: The code of the ``close`` event.
        reason: Its reason.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(printable(f"The connection was closed: {code} {reason}".rstrip()))
        self.code = code
        self.reason = reason


class MessagesLost(WebSocketError):
    """Messages that were accepted for sending and will certainly not be sent.

    They were in the offline buffer when the connection was given up; or another thread sent them and no
    connection took them; ``__cause__`` is then the `StateError` of the last one that was refused. Or they
    waited for a message in parts whose connection ended, or expired (``send(expires=...)``).

    Attributes:
        messages: The messages, the oldest first; of a message in fragments, the remaining fragments.
    """

    def __init__(self, messages: list[str | bytes]) -> None:
        super().__init__(f"{counted(len(messages), 'message was', 'messages were')} not sent")
        self.messages: list[str | bytes] = [
            message if isinstance(message, str) else bytes(message) for message in messages
        ]


class CodecError(WebSocketError):
    """A message that the codec could not decode; ``__cause__`` is what it raised.

    Attributes:
        message: The message as it came: a ``str`` if it was text, ``bytes`` if it was binary.
    """

    def __init__(self, reason: str, message: str | bytes) -> None:
        super().__init__(printable(reason))
        self.message = message


class JSONRPCError(WebSocketError):
    """An error of JSON-RPC: a method raises it to answer with it, and a call fails with that of the peer.

    Attributes:
        code: Its number; those from -32768 to -32000 have a meaning in JSON-RPC. An envelope of the program's
            own may have words instead.
        message: A short sentence.
        data: More about it, or None.
    """

    PARSE_ERROR: Final = -32700
    INVALID_REQUEST: Final = -32600
    METHOD_NOT_FOUND: Final = -32601
    INVALID_PARAMS: Final = -32602
    INTERNAL_ERROR: Final = -32603
    BUSY: Final = -32000
    CANCELLED: Final = -32800

    def __init__(self, code: int | str, message: str = "", data: Any = None) -> None:
        super().__init__(printable(f"{message} ({code})" if message else str(code)))
        self.code = code
        self.message = message
        self.data = data


class CallTimeout(WebSocketError, TimeoutError):
    """A call of `WebSocket.call` was not answered in time.

    Attributes:
        method: The method that was called.
    """

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(printable(f"{method} was not answered within {seconds:g} s"))
        self.method = method


class OpenError(WebSocketError):
    """The opening failed; the connection was never open.

    Attributes:
        phase: The step that failed: ``"resolve"``, ``"connect"``, ``"proxy"``, ``"tls"``
            or ``"handshake"``.
        status: The HTTP status of the answer; None without an answer.
        headers: That answer's headers; empty without an answer.
        body: As much of that answer's body as arrived within a second, up to 64 KiB, in bytes; decoded
            if its coding is gzip or deflate.
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
        self.body: bytes = bytes(body)


class OpenTimeout(OpenError, TimeoutError):
    """The opening took longer than its ``timeout``; ``phase`` is the step that it had reached."""


class HandshakeError(OpenError):
    """A request or an answer that is not a valid opening handshake (RFC 6455, 4).

    Attributes:
        part: The part at fault: ``"method"``, ``"version"``, ``"upgrade"``,
            ``"connection"``, ``"key"``, ``"accept"``, ``"protocol"``, ``"extension"``,
            ``"host"``, ``"origin"``, ``"path"`` or ``"http"``; ``"admission"`` unless another is given,
            for the checks of `tkws.HTTPServer.admit` that raise it.
    """

    def __init__(
        self,
        message: str,
        *,
        part: str = "admission",
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
    """Make an exception without calling its constructor, which may take any arguments."""
    builtin = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    made: _Error = builtin.__new__(kind)  # type: ignore[call-overload] # of any exception
    made.args = args
    return made


def _can_travel(cause: BaseException | None) -> bool:
    """Tell whether a cause survives pickling; a foreign one may fail as late as when it is unpickled."""
    if cause is None or isinstance(cause, WebSocketError):
        return True
    import pickle  # few programs pickle exceptions

    try:
        return type(pickle.loads(pickle.dumps(cause))) is type(cause)
    except Exception:
        return False
