"""The options as keyword arguments, for type checkers and editors: the types of ``**options``.

`tkws.options` has their defaults, bounds and explanations; a test holds these types against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from tkws.codecs import CodecLike
from tkws.options import Handler
from tkws.protocol.deflate import Deflate


class SharedKeywords(TypedDict, total=False):
    """The options of a connection that each function takes in the same form."""

    keepalive: float
    ping: str | bytes
    pong_timeout: float
    close_timeout: float
    max_message: int
    max_fragments: int
    stream: bool
    fragment_size: int | None
    max_messages_per_second: int | None
    max_bytes_per_second: int | None
    over_rate: str
    idle_timeout: float
    max_lifetime: float
    high_water: int
    low_water: int
    max_buffered: int | None
    offline_buffer: int
    echo_close_reason: bool
    reentrant: bool
    codec: CodecLike | None
    codec_errors: str


class ServerOnlyKeywords(TypedDict, total=False):
    """The options that a server has in addition to those of its connections."""

    origins: Sequence[str] | None
    hosts: Sequence[str] | None
    handshake_timeout: float
    max_header_bytes: int
    max_connections: int
    slow_peer: str
    max_connections_per_address: int | None
    trusted_proxies: Sequence[str]


class ClientKeywords(SharedKeywords, total=False):
    """The options of a connection whose handler is an argument of its own; see `ConnectionOptions`."""

    compression: bool | Deflate


class ConnectionKeywords(ClientKeywords, total=False):
    """The options of a connection; see `ConnectionOptions`."""

    handler: Handler


class ServerKeywords(ConnectionKeywords, ServerOnlyKeywords, total=False):
    """The options of a server; see `ServerOptions`."""
