"""The types of ``**options`` of `connect` and `serve`, with the names of `websockets` for some of them."""

from __future__ import annotations

import os
import socket
import ssl as tls
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from tkws.client.retry import Backoff
from tkws.commands.listening import Path, Sockets
from tkws.http.headers import HeadersLike
from tkws.keywords import ServerOnlyKeywords, SharedKeywords
from tkws.loop import Master
from tkws.protocol.deflate import Deflate

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

Compression: TypeAlias = bool | Deflate | Literal["deflate"] | None


class TranslatedKeywords(SharedKeywords, total=False):
    """The options of a connection; the last three are `websockets`' names of some of them."""

    compression: Compression
    ping_interval: float | None
    ping_timeout: float | None
    max_size: int


class ConnectKeywords(TranslatedKeywords, total=False):
    """The arguments of `tkws.open`; the last four are `websockets`' names of some of them."""

    protocols: Sequence[str]
    headers: HeadersLike | Callable[[], HeadersLike]
    timeout: float
    proxy: str | bool | None
    proxy_ssl: tls.SSLContext | None
    proxy_headers: HeadersLike
    ssl: tls.SSLContext | None
    server_hostname: str | None
    unix: str | os.PathLike[str] | None
    sock: socket.socket | None
    connect_to: tuple[str, int] | None
    local_addr: tuple[str, int] | None
    origin: str | None
    user_agent: str | None
    digest: bool
    cookies: CookieJar | None
    reconnect: bool | Backoff | None
    max_redirects: int
    owner: Master
    subprotocols: Sequence[str]
    additional_headers: HeadersLike | Callable[[], HeadersLike]
    open_timeout: float
    user_agent_header: str | None


class ServeKeywords(TranslatedKeywords, ServerOnlyKeywords, total=False):
    """The arguments of `tkws.serve`; ``open_timeout`` is `websockets`' name of ``handshake_timeout``."""

    ssl: tls.SSLContext | None
    unix: Path | None
    sock: Sockets | None
    reuse_port: bool
    open_timeout: float
