"""The options of connections and servers: the unit, default and reason of each.

Option objects are frozen; `changed` returns a new one, and every value is checked. A name that is passed as a
keyword is the whole name; one that is passed as a str may be abbreviated, as in Tk. `tkws.keywords` has the
types of these keywords.
"""

from __future__ import annotations

import dataclasses
import inspect
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tkws.asynchandlers import check_handler
from tkws.checks import (
    MAX_COUNT,
    check_count,
    check_flag,
    check_kind,
    check_seconds,
    check_size,
    check_text,
    check_texts,
)
from tkws.codecs import CodecLike, check_codec
from tkws.http.hostnames import pattern_to_ascii
from tkws.protocol.deflate import Deflate
from tkws.protocol.engineoptions import EngineOptions
from tkws.protocol.payloads import encode_control

Handler = Callable[[Any, Any, Any], object]
"""Any callable ``(ws, type, message)``; its result is ignored."""

KIB = 1024
MIB = 1024 * KIB

_ORIGIN = re.compile(r"\*[^\s/?#@]*|[^\s/?#@]+://[^\s/?#@]*|null", re.IGNORECASE)
_HOST = re.compile(r"\[?[\da-f:.]*:[\da-f:.]*:[\da-f:.]*\]?|[^\s:/?#@]*", re.IGNORECASE)


def ignore(ws: object, type: str, message: object) -> None:
    """Ignore an event: the handler of a connection without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """The options of one connection."""

    handler: Handler = ignore
    """Called as ``handler(ws, type, message)`` for every event, in Tk's thread."""

    keepalive: float = 0.0
    """Seconds without receiving anything after which a ping is sent; 0 for never. As in tcllib, the
    default is 0 for a client and 30 for a server (`ServerOptions`)."""

    ping: str | bytes = b""
    """The payload of these pings, at most 125 bytes; empty to number them."""

    pong_timeout: float = 20.0
    """Seconds to wait after such a ping for any data from the peer before the connection is dropped; 0 to
    wait indefinitely. They count from when the ping has left; a peer that still reads data sent before the
    ping is alive, and then gets as much time again as that took. 20 seconds allow for a phone that changes
    its network."""

    close_timeout: float = 10.0
    """Seconds that the closing handshake may take, from when the Close frame has left, before the
    connection is dropped. A peer that still reads data sent before it gets the time for that, at 16 KiB per
    second or more, and as much again; one that reads nothing for this long is dropped."""

    max_message: int = 16 * MIB
    """The most bytes that a received message may have, decompressed; a longer one closes the
    connection with 1009. 16 MiB as in tcllib."""

    max_fragments: int = 131_072
    """The most frames that a received message may have; more close the connection with 1008. This
    limits the work that a peer can cause by empty fragments."""

    stream: bool = False
    """Whether each message arrives in parts, as ``part`` events with a `Part`, while it comes: for messages
    that are too large for memory. `max_message` and `codec` are not for these, and `max_fragments` counts
    only empty fragments: a program that has to limit messages looks at `Part.offset`."""

    fragment_size: int | None = None
    """A message that takes more bytes than this, compressed, is sent in fragments of at most this many: for
    a peer or gateway that refuses larger frames. None to send each message in one frame."""

    max_messages_per_second: int | None = None
    """The most messages a second that the peer may send on average; as many may come at once. None for no
    limit. The option ``over_rate`` decides what happens beyond."""

    max_bytes_per_second: int | None = None
    """Likewise, the most bytes a second on the wire."""

    over_rate: str = "pause"
    """The answer to a peer that sends faster than that: ``"pause"`` reads nothing until the average is
    kept, so that the peer has to wait, and its pings too; ``"close"`` closes the connection with 1008."""

    idle_timeout: float = 0.0
    """Seconds without a message either way, or a part of one, after which the connection is closed with
    1001; 0 for never. Pings do not count, and neither does the time in which this program does not read."""

    max_lifetime: float = 0.0
    """Seconds after which the connection is closed with 1001, so that a client has to connect again, with a
    fresh ticket for example; 0 for never."""

    compression: bool | Deflate = True
    """Whether to use permessage-deflate, or the `Deflate` settings to use. It cannot be changed after
    the opening."""

    high_water: int = MIB
    """The buffer counts as full if more than this many bytes are waiting to be sent (`buffered_amount`)."""

    low_water: int = 256 * KIB
    """A full buffer counts as drained once at most this many bytes are waiting (the ``drain`` event)."""

    max_buffered: int | None = None
    """If more than this many bytes are waiting to be sent while the peer keeps sending, the connection is
    dropped (1006). None for no limit, the default of a client, which chose its server."""

    offline_buffer: int = 0
    """The most bytes of messages that a reconnecting client buffers while it is not connected, to send them
    once it is; 0 to refuse them."""

    echo_close_reason: bool = False
    """Whether the answer to the peer's Close repeats its reason, for peers that expect it. By default
    only the code is repeated, as RFC 6455, 5.5.1 requires."""

    reentrant: bool = False
    """Whether the handler may be called again while it runs a nested event loop, such as a
    dialog's; if not, later events wait until it returns."""

    codec: CodecLike | None = None
    """Decodes messages, which then arrive as ``value`` events in place of ``text`` and ``binary``, and
    encodes the values of `WebSocket.send_value`: `tkws.JSON`, or any object with ``encode`` and ``decode``;
    None for none."""

    codec_errors: str = "event"
    """How a message that cannot be decoded is treated: ``"event"`` is an ``error`` event with a `CodecError`;
    ``"close"`` also closes the connection with 1007."""

    def __post_init__(self) -> None:
        check_handler("handler", self.handler)
        for name in ("keepalive", "pong_timeout", "close_timeout", "idle_timeout", "max_lifetime"):
            _set(self, name, check_seconds(name, getattr(self, name)))
        _set(self, "max_message", check_size("max_message", self.max_message, least=1))
        _set(self, "max_fragments", check_count("max_fragments", self.max_fragments, least=1))
        for name in ("high_water", "low_water", "offline_buffer"):
            _set(self, name, check_size(name, getattr(self, name)))
        for name in ("max_buffered", "fragment_size", "max_bytes_per_second"):
            if getattr(self, name) is not None:
                _set(self, name, check_size(name, getattr(self, name), least=1))
        if self.max_messages_per_second is not None:
            messages = check_count("max_messages_per_second", self.max_messages_per_second, least=1)
            _set(self, "max_messages_per_second", messages)
        check_text("over_rate", self.over_rate)
        if self.over_rate not in ("pause", "close"):
            raise ValueError(f"over_rate: 'pause' or 'close', not {self.over_rate!r}")
        if self.low_water > self.high_water:
            raise ValueError(f"low_water: at most high_water ({self.high_water}), not {self.low_water}")
        payload = encode_control("ping", self.ping)
        if not isinstance(self.ping, str):
            _set(self, "ping", payload)
        check_kind("compression", self.compression, bool | Deflate, "True, False or Deflate(...)")
        check_flag("echo_close_reason", self.echo_close_reason)
        check_flag("reentrant", self.reentrant)
        check_flag("stream", self.stream)
        if self.codec is not None:
            check_codec("codec", self.codec)
        check_text("codec_errors", self.codec_errors)
        if self.codec_errors not in ("event", "close"):
            raise ValueError(f"codec_errors: 'event' or 'close', not {self.codec_errors!r}")

    def for_engine(self) -> EngineOptions:
        """Return the options of the protocol engine."""
        return EngineOptions(
            keepalive=self.keepalive,
            ping_payload=encode_control("ping", self.ping),
            pong_timeout=self.pong_timeout,
            close_timeout=self.close_timeout,
            echo_close_reason=self.echo_close_reason,
            max_message=self.max_message,
            max_fragments=self.max_fragments,
            in_parts=self.stream,
            fragment_size=MAX_COUNT if self.fragment_size is None else self.fragment_size,
        )

    @property
    def deflate(self) -> Deflate | None:
        """The settings of the compression; None to use none."""
        if isinstance(self.compression, Deflate):
            return self.compression
        return Deflate() if self.compression else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions(ConnectionOptions):
    """The options of a server; those of `ConnectionOptions` are its connections' defaults."""

    keepalive: float = 30.0
    """As for a connection, but 30 seconds: a server must find out which clients are gone."""

    origins: Sequence[str] | None = None
    """The origins of the web pages that may connect, such as ``"https://example.org"``, with
    ``*`` for any part of a name; ``"null"`` is the origin of a page in a file or a sandbox. Case, a
    default port and a dot at the end of the host make no difference. None allows only the server's own
    pages, on a loopback address under any name of this machine. Clients other than browsers send no
    Origin and are not checked."""

    hosts: Sequence[str] | None = None
    """The host names, without a port, that requests may address, with ``*`` for any part. None allows
    any name, except on a loopback address: there only this machine's own names are allowed (against DNS
    rebinding), which are ``localhost``, loopback addresses, and the result of `socket.gethostname`, with
    and without ``.local``."""

    handshake_timeout: float = 10.0
    """Seconds that a client may take from connecting to the end of its request. A client that reads a page
    must read at least 1 KiB per second on average."""

    max_header_bytes: int = 16 * KIB
    """The most bytes that a request's head may have; a longer one is answered with 431."""

    max_connections: int = 10_000
    """The most simultaneous connections; another is answered with 503."""

    slow_peer: str = "buffer"
    """How a broadcast treats a connection with more than ``high_water`` bytes waiting: ``"buffer"`` up to
    ``max_buffered``, ``"skip"`` that connection, or ``"close"`` it with 1008."""

    max_buffered: int | None = 16 * MIB
    """As for a connection; also the most bytes that broadcasts may leave waiting for a connection: one
    that exceeds it closes the connection with 1008. 16 MiB, the size of the largest message."""

    max_connections_per_address: int | None = None
    """The most WebSockets from one remote address; another is answered with 429. Up to eight further
    connections from the address may be plain HTTP or still opening; more are closed at once. None for no
    limit."""

    trusted_proxies: Sequence[str] = ()
    """The proxies that are trusted to note the address of the client, in Forwarded or X-Forwarded-For:
    addresses, networks such as ``"10.0.0.0/8"``, and ``"unix"`` for those that connect by a Unix socket.
    Behind one of these, limits for each address and `WebSocket.peername` are the client's. Trust only
    proxies that overwrite or extend the field: any client may send it."""

    def __post_init__(self) -> None:
        ConnectionOptions.__post_init__(self)
        timeout = check_seconds("handshake_timeout", self.handshake_timeout, above_zero=True)
        _set(self, "handshake_timeout", timeout)
        _set(self, "max_header_bytes", check_size("max_header_bytes", self.max_header_bytes, least=1))
        for name in ("max_connections", "max_connections_per_address"):
            if name == "max_connections" or getattr(self, name) is not None:
                _set(self, name, check_count(name, getattr(self, name), least=1))
        check_text("slow_peer", self.slow_peer)
        if self.slow_peer not in ("buffer", "skip", "close"):
            raise ValueError(f"slow_peer: 'buffer', 'skip' or 'close', not {self.slow_peer!r}")
        if self.origins is not None:
            _check_origins(check_texts("origins", self.origins))
        if self.hosts is not None:
            _check_hosts(check_texts("hosts", self.hosts))
        _check_networks(check_texts("trusted_proxies", self.trusted_proxies))

    def for_connection(self, handler: Handler) -> ConnectionOptions:
        """Return the options of a new connection to ``handler``."""
        names = (field.name for field in dataclasses.fields(ConnectionOptions))
        return ConnectionOptions(**{**{name: getattr(self, name) for name in names}, "handler": handler})


Options = TypeVar("Options", bound=ConnectionOptions)


def changed(
    options: Options, changes: Mapping[str, Any], *, function: Callable[..., object] | None = None
) -> Options:
    """Return ``options`` with ``changes``.

    Args:
        options: The present options.
        changes: Whole names and new values.
        function: The function that they were passed to; a misspelt name may mean one of its arguments.

    Raises:
        TypeError: A name is not an option, or a value is of a wrong type.
        ValueError: A value is out of range.
    """
    names = [field.name for field in dataclasses.fields(options)]
    for name in changes:
        if name not in names:
            raise TypeError(f"unknown option {name!r}: {_advice(name, names, function)}")
    return dataclasses.replace(options, **changes)


def complete(word: str, names: Iterable[str], what: str = "option") -> str:
    """Return the one of ``names`` that equals or begins with ``word``, in any case (as Tk's options).

    Args:
        word: The name, possibly abbreviated.
        names: The names to choose from.
        what: The kind of name, for the error.

    Raises:
        TypeError: None or several of the names begin with ``word``, or it is not a str.
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
    raise TypeError(f"unknown {what} {word!r}: {_advice(wanted, names)}")


def _advice(word: str, names: Sequence[str], function: Callable[..., object] | None = None) -> str:
    from difflib import get_close_matches  # needed only for an error

    arguments = () if function is None else inspect.signature(function).parameters
    known = [*names, *arguments]
    longer = [name for name in known if word and name.startswith(word)]
    nearest = longer if len(longer) == 1 else get_close_matches(word[:100], known, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(sorted(names))}"


def describe(options: ConnectionOptions, name: str) -> tuple[str, str, str, object, object]:
    """Return what a widget's ``configure`` does: name, database name and class, default, value."""
    field = next(field for field in dataclasses.fields(options) if field.name == name)
    return name, name, name.capitalize(), field.default, getattr(options, name)


def _set(options: ConnectionOptions, name: str, value: object) -> None:
    """Store the result of a value's check in a frozen option object."""
    object.__setattr__(options, name, value)


def _check_origins(patterns: Sequence[str]) -> None:
    """Refuse patterns that no origin of a page can match."""
    for pattern in patterns:
        if not _ORIGIN.fullmatch(pattern):
            raise ValueError(f"origins: each like 'https://example.org', without a path, not {pattern!r}")
        _check_names("origins", pattern)


def _check_hosts(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if not _HOST.fullmatch(pattern):
            raise ValueError(f"hosts: each a name like 'example.org', without a port, not {pattern!r}")
        _check_names("hosts", pattern)


def _check_networks(networks: Sequence[str]) -> None:
    for network in networks:
        try:
            if network != "unix":
                ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ValueError(
                f"trusted_proxies: each an address, a network like '10.0.0.0/8', or 'unix', not {network!r}"
            ) from None


def _check_names(option: str, pattern: str) -> None:
    try:
        pattern_to_ascii(pattern)
    except ValueError as error:
        raise ValueError(f"{option}: {pattern!r} {error}") from None
