"""The options of connections and servers: unit, default and reason of each.

Both are frozen; a change makes a new one by `changed`, which takes names shortened as Tk
takes them and checks every value.
"""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from tkws.asynchandlers import check_handler
from tkws.checks import (
    check_count,
    check_flag,
    check_seconds,
    check_size,
    check_text,
    check_texts,
)
from tkws.protocol.deflate import Deflate
from tkws.protocol.payloads import encode_control

Handler = Callable[[Any, Any, Any], object]
"""Any callable ``(ws, type, message)``; what it returns is ignored."""

KIB = 1024
MIB = 1024 * KIB

_ORIGIN = re.compile(r"\*[^\s/?#@]*|[^\s/?#@]+://[^\s/?#@]*|null", re.IGNORECASE)
_HOST = re.compile(r"\[?[\da-f:.]*:[\da-f:.]*:[\da-f:.]*\]?|[^\s:/?#@]*", re.IGNORECASE)


def ignore(ws: object, type: str, message: object) -> None:
    """The handler of a connection that was given none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """The options of one connection."""

    handler: Handler = ignore
    """Called as ``handler(ws, type, message)`` for every event, on the thread of Tk."""

    keepalive: float = 0.0
    """Seconds without anything received after which a ping is sent; 0 for never. As in
    tcllib a client sends none and a server (`ServerOptions`) one after 30 seconds."""

    ping: str | bytes = b""
    """The payload of these pings, at most 125 bytes; empty to number them."""

    pong_timeout: float = 20.0
    """Seconds to wait, after such a ping, for anything from the peer before it is taken for
    dead; 0 to wait for ever. They count from when the ping has left; a peer that takes what was
    sent before it is alive, and has as long again as that took. 20 outlasts a phone that changes
    its network."""

    close_timeout: float = 10.0
    """Seconds that the closing handshake may take, from when the Close frame has left, before the
    connection is dropped. A peer that still reads what was sent before gets the time for that, at 16 KiB a
    second or more, and as long again; one that takes nothing in these seconds is dropped."""

    max_message: int = 16 * MIB
    """The most bytes that a received message may have, decompressed; more closes the
    connection with 1009. 16 MiB as in tcllib."""

    max_fragments: int = 131_072
    """The most frames that a received message may come in; more closes the connection with
    1008. Bounds what a peer that sends empty fragments can make this side do."""

    compression: bool | Deflate = True
    """Whether to agree to permessage-deflate, or with which `Deflate` setting. It is settled
    at the opening."""

    high_water: int = MIB
    """Bytes waiting to be sent above which the buffer counts as full: `buffered_amount` tells."""

    low_water: int = 256 * KIB
    """Bytes waiting to be sent at which a full buffer counts as drained (the ``drain`` event)."""

    max_buffered: int | None = None
    """Bytes waiting to be sent beyond which a peer that sends on is given up (1006): it asks and
    does not read the answers. None for no such limit, as in a client, which chose its server."""

    offline_buffer: int = 0
    """Bytes of messages that a reconnecting client keeps while it is not connected, to send them
    when it is; 0 to refuse them."""

    echo_close_reason: bool = False
    """Whether the answer to the peer's Close repeats its reason, for a peer that expects it.
    By default only its code is repeated, as RFC 6455, 5.5.1 asks."""

    reentrant: bool = False
    """Whether the handler may be called again while it runs a nested event loop, such as a
    dialog's; else later messages wait until it returns."""

    def __post_init__(self) -> None:
        check_handler("handler", self.handler)
        for name in ("keepalive", "pong_timeout", "close_timeout"):
            _set(self, name, check_seconds(name, getattr(self, name)))
        _set(self, "max_message", check_size("max_message", self.max_message, least=1))
        _set(self, "max_fragments", check_count("max_fragments", self.max_fragments, least=1))
        for name in ("high_water", "low_water", "offline_buffer"):
            _set(self, name, check_size(name, getattr(self, name)))
        if self.max_buffered is not None:
            _set(self, "max_buffered", check_size("max_buffered", self.max_buffered, least=1))
        if self.low_water > self.high_water:
            raise ValueError(f"low_water: at most high_water ({self.high_water}), not {self.low_water}")
        payload = encode_control("ping", self.ping)
        if not isinstance(self.ping, str):
            _set(self, "ping", payload)
        if not isinstance(self.compression, bool | Deflate):
            raise TypeError(f"compression: True, False or Deflate(...), not {self.compression!r}")
        check_flag("echo_close_reason", self.echo_close_reason)
        check_flag("reentrant", self.reentrant)

    @property
    def ping_payload(self) -> bytes:
        """The payload of keepalive pings in bytes."""
        return self.ping.encode() if isinstance(self.ping, str) else self.ping

    @property
    def deflate(self) -> Deflate | None:
        """The setting of the compression; None for none."""
        if isinstance(self.compression, Deflate):
            return self.compression
        return Deflate() if self.compression else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions(ConnectionOptions):
    """The options of a server; those of `ConnectionOptions` are its connections' defaults."""

    keepalive: float = 30.0
    """As in a connection, but 30 seconds: a server has to find out who has gone."""

    origins: Sequence[str] | None = None
    """The origins of the web pages that may connect, such as ``"https://example.org"``, with
    ``*`` for any part of a name; ``"null"`` is that of a page in a file or a sandbox. They are
    compared as origins: case, a default port and a dot at the end of the host make no
    difference. None allows only the server's own pages, on a loopback address under any name
    of this machine. Clients other than browsers send no Origin and are not checked."""

    hosts: Sequence[str] | None = None
    """The host names, without a port, by which the server may be addressed, with ``*`` for any
    part. None allows, on a loopback address, this machine's own names only (against DNS
    rebinding): ``localhost``, loopback addresses, and what `socket.gethostname` returns, with
    and without ``.local``; elsewhere any name."""

    handshake_timeout: float = 10.0
    """Seconds that a client may take from its connecting to the end of its request. Of a page it has to
    take a kilobyte for each of them."""

    max_header_bytes: int = 16 * KIB
    """The most bytes that a request's head may have; more is answered with 431."""

    max_connections: int = 10_000
    """The most connections at a time; one more is answered with 503."""

    slow_peer: str = "buffer"
    """What a broadcast does for a connection with more than ``high_water`` bytes waiting:
    ``"buffer"`` up to ``max_buffered``, ``"skip"`` that connection, or ``"close"`` it with 1008."""

    max_buffered: int | None = 16 * MIB
    """As in a connection, and the bytes that broadcasts may leave waiting for one: one more that
    does not fit closes it with 1008. 16 MiB, the size of the largest message."""

    max_connections_per_address: int | None = None
    """The most WebSockets of one remote address; one more is answered with 429. Eight connections
    more may be no WebSocket, or not yet; others are cut off. None for no such limit."""

    def __post_init__(self) -> None:
        ConnectionOptions.__post_init__(self)
        timeout = check_seconds("handshake_timeout", self.handshake_timeout, above_zero=True)
        _set(self, "handshake_timeout", timeout)
        _set(self, "max_header_bytes", check_size("max_header_bytes", self.max_header_bytes, least=1))
        for name in ("max_connections", "max_connections_per_address"):
            if name == "max_connections" or getattr(self, name) is not None:
                _set(self, name, check_count(name, getattr(self, name), least=1))
        if self.slow_peer not in ("buffer", "skip", "close"):
            raise ValueError(f"slow_peer: 'buffer', 'skip' or 'close', not {self.slow_peer!r}")
        if self.origins is not None:
            _check_origins(check_texts("origins", self.origins))
        if self.hosts is not None:
            _check_hosts(check_texts("hosts", self.hosts))

    def for_connection(self, handler: Handler) -> ConnectionOptions:
        """Return the options of a new connection to ``handler``."""
        names = (field.name for field in dataclasses.fields(ConnectionOptions))
        return ConnectionOptions(**{**{name: getattr(self, name) for name in names}, "handler": handler})


Options = TypeVar("Options", bound=ConnectionOptions)


def changed(
    options: Options, changes: Mapping[str, Any], *, function: Callable[..., object] | None = None
) -> Options:
    """Return ``options`` with ``changes``, whose names may be shortened while they are clear.

    Args:
        options: What to begin with.
        changes: Names and new values.
        function: What the program passed them to, whose arguments a misspelt name may have meant.

    Raises:
        TypeError: For a name that is no option or comes twice, and for a value of a wrong type.
        ValueError: For a value that is out of range.
    """
    names = [field.name for field in dataclasses.fields(options)]
    completed: dict[str, Any] = {}
    for word, value in changes.items():
        name = complete(word, names, function=function)
        if name in completed:
            raise TypeError(f"option {word!r}: {name} is given twice")
        completed[name] = value
    return dataclasses.replace(options, **completed)


def complete(
    word: str,
    names: Iterable[str],
    what: str = "option",
    *,
    function: Callable[..., object] | None = None,
) -> str:
    """Return the one of ``names`` that ``word`` is or begins, in any case (as Tk's options).

    Args:
        word: What the program wrote.
        names: What it may be.
        what: What the names are called, for the error.
        function: As for `changed`.

    Raises:
        TypeError: Where none or several begin with it, or it is no str.
    """
    check_text(what, word)
    names = list(names)
    wanted = word.lower().removeprefix("-")
    if wanted in names:
        return wanted
    found = [name for name in names if wanted and name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise TypeError(f"{what} {word!r} is ambiguous: {', '.join(sorted(found))}")
    raise TypeError(f"unknown {what} {word!r}: {_advice(wanted, names, function)}")


def _advice(word: str, names: Sequence[str], function: Callable[..., object] | None) -> str:
    import inspect  # which, like the next, only a program with a mistake needs
    from difflib import get_close_matches

    arguments = () if function is None else inspect.signature(function).parameters
    nearest = get_close_matches(word[:100], [*names, *arguments], n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(sorted(names))}"


def describe(options: ConnectionOptions, name: str) -> tuple[str, str, str, object, object]:
    """Return what a widget's ``configure(name)`` does: name, database name and class, default, value."""
    field = next(field for field in dataclasses.fields(options) if field.name == name)
    return name, name, name.capitalize(), field.default, getattr(options, name)


class Configurable(ABC):
    """Tk's option protocol, as its widgets have it."""

    _options: ConnectionOptions

    @abstractmethod
    def _change(self, changes: dict[str, Any]) -> None:
        """Let changed options take effect."""

    @overload
    def configure(self) -> dict[str, tuple[str, str, str, object, object]]: ...
    @overload
    def configure(self, option: str) -> tuple[str, str, str, object, object]: ...
    @overload
    def configure(self, option: None = None, **changes: Any) -> None: ...
    def configure(self, option: str | None = None, **changes: Any) -> Any:
        """Query or change options, as a Tk widget's ``configure`` does.

        Names may be shortened while they are clear, as in Tk.

        Args:
            option: The option to describe.
            **changes: Options and their new values; see `ConnectionOptions`.

        Returns:
            Without arguments every option's description by its name; with ``option`` that
            one's: name, database name, database class, default and value.

        Raises:
            TypeError: For a name that is no option, and for a value of a wrong type.
            ValueError: For a value that is out of range.
            StateError: For ``compression`` once the connection is open.
        """
        if changes:
            self._change(changes)
            return None
        if option is None:
            return {name: describe(self._options, name) for name in self.keys()}
        return describe(self._options, complete(option, self.keys()))

    config = configure

    def cget(self, option: str) -> Any:
        """Return the value of an option.

        Raises:
            TypeError: For a name that is no option.
        """
        return getattr(self._options, complete(option, self.keys()))

    def keys(self) -> list[str]:
        """Return the names of the options."""
        return [field.name for field in dataclasses.fields(self._options)]

    def __getitem__(self, option: str) -> Any:
        return self.cget(option)

    def __setitem__(self, option: str, value: Any) -> None:
        self._change({option: value})


def _set(options: ConnectionOptions, name: str, value: object) -> None:
    """Keep a value as its check returned it: the fields of options are frozen."""
    object.__setattr__(options, name, value)


def _check_origins(patterns: Sequence[str]) -> None:
    """Refuse what no page has for an origin, and so would never match."""
    for pattern in patterns:
        if not _ORIGIN.fullmatch(pattern):
            raise ValueError(f"origins: each like 'https://example.org', without a path, not {pattern!r}")


def _check_hosts(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if not _HOST.fullmatch(pattern):
            raise ValueError(f"hosts: each a name like 'example.org', without a port, not {pattern!r}")
