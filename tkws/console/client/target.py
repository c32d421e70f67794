"""The target of a connection: the address with its subprotocols, headers, TLS and proxy.

Turns user input into the arguments of `tkws.open`. Connects only when `Target.open` is called.
"""

from __future__ import annotations

import re
import ssl
import tkinter
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar
from urllib.parse import urlsplit

import tkws
from tkws.console.client.clientcert import load_client_certificate
from tkws.console.client.pinning import PinningContext
from tkws.console.client.unixaddress import complete_unix, join_unix, socket_name, split_unix
from tkws.options import Handler
from tkws.protocol.uri import WebSocketURI, follow, parse_uri

SYSTEM_PROXY = "system"
NO_PROXY = "none"
MAX_REDIRECTS = 10

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server to connect to, with the parameters of the connection.

    Attributes:
        url: A URL with ``ws://`` or ``wss://``, or the address of a Unix socket; see `complete_url`.
        protocols: The subprotocols to offer.
        headers: Additional headers, in order.
        ca_file: A PEM file of the CAs to trust instead of the system's; empty for the system's.
        verify: Whether to verify the server's certificate. If not, others can read and change the traffic.
        fingerprint: The SHA-256 digest of the only certificate to accept, whatever else is wrong with it;
            empty to verify the certificate as usual.
        cert_file: A PEM file of this client's certificate; empty for none.
        key_file: A PEM file of its key; empty if that is in the same file.
        key_password: The password of the key; empty without one.
        keep_cookies: Whether to send the cookies that the server has set in this run.
        greetings: The messages to send each time that the connection opens, such as a login.
        proxy: The proxy's URL, `SYSTEM_PROXY` or `NO_PROXY`.
        reconnect: Whether to connect again when the connection is lost.
        compression: Whether to offer compression.
        ping_interval: The time between the pings that measure the latency, in seconds; 0 for no pings.
        timeout: The time allowed for the whole opening, in seconds.
        max_message: The maximum size of a received message, in bytes.
    """

    url: str
    protocols: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    ca_file: str = ""
    verify: bool = True
    fingerprint: str = ""
    cert_file: str = ""
    key_file: str = ""
    key_password: str = field(default="", repr=False)
    keep_cookies: bool = False
    greetings: tuple[str, ...] = ()
    proxy: str = SYSTEM_PROXY
    reconnect: bool = False
    compression: bool = True
    ping_interval: float = 5.0
    timeout: float = 30.0
    max_message: int = 64 << 20

    @property
    def is_origin_bound(self) -> bool:
        """Whether some option is meant for this origin only, so that no redirect may leave it."""
        trusted = self.ca_file or self.fingerprint or self.cert_file or not self.verify
        bound = self.headers or self.protocols or self.greetings or trusted or split_unix(self.url)
        return bool(bound) or self.proxy != SYSTEM_PROXY

    def redirected(self, location: str) -> Target:
        """Return the target that a redirect within the origin leads to.

        Raises:
            ValueError: The redirect leads to another origin, or ``location`` is invalid.
        """
        here = uri_of(self.url)
        try:
            there = follow(here, location)
        except tkws.URLError as error:
            raise ValueError(f"it {error}") from None
        if not there.is_same_server(here):
            raise ValueError(
                f"the options are for {here.redacted} only; to follow it, connect to {there.redacted}"
            )
        socket, url = split_unix(self.url) or ("", self.url)
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}{there.target}"
        return replace(self, url=join_unix(socket, url) if socket else url)

    def open(
        self, handler: Handler, master: tkinter.Misc, cookies: CookieJar | None = None
    ) -> tkws.WebSocket:
        """Start to connect; see `tkws.open` for other exceptions.

        Redirects are followed unless the target `is_origin_bound`; then use `redirected`.

        Args:
            handler: Called with the events.
            master: Any widget.
            cookies: The jar that is used if `keep_cookies` is set.

        Raises:
            OSError: The CA file cannot be read.
            KeyLocked: The key of the client's certificate needs a password, or another one.
        """
        socket, url = split_unix(self.url) or (None, self.url)
        return tkws.open(
            url,
            handler,
            master=master,
            protocols=self.protocols,
            headers=self.headers,
            proxy=None if socket else {SYSTEM_PROXY: True, NO_PROXY: None}.get(self.proxy, self.proxy),
            unix=socket_name(socket) if socket else None,
            cookies=cookies if self.keep_cookies else None,
            ssl=self.ssl_context(),
            timeout=self.timeout,
            reconnect=self.reconnect,
            compression=self.compression,
            max_message=self.max_message,
            max_redirects=0 if self.is_origin_bound else MAX_REDIRECTS,
        )

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the context for TLS; None for the default, or without TLS. See `open` for exceptions."""
        if not uri_of(self.url).secure:
            return None
        if self.verify and not (self.ca_file or self.fingerprint or self.cert_file or self.key_file):
            return None
        context = PinningContext.trusting(self.fingerprint) if self.fingerprint else self._verifying_context()
        load_client_certificate(context, self.cert_file, self.key_file, self.key_password)
        return context

    def _verifying_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise OSError(f"{self.ca_file}: not a readable PEM file of certificates ({error})") from error
        context.set_alpn_protocols(["http/1.1"])
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def complete_url(address: str) -> str:
    """Return an address as a URL: add ``ws://`` if it has no scheme, and this host if it is only a port.

    The path of a Unix socket, or ``unix:`` before it, becomes ``ws+unix://PATH:/``.
    """
    address = address.strip()
    if (unix := complete_unix(address)) is not None:
        return unix
    if re.fullmatch(r":?\d{1,5}(/.*)?", address):
        return f"ws://127.0.0.1:{address.lstrip(':')}"
    if address and "://" not in address:
        return f"ws://{address}"
    return address


def uri_of(url: str) -> WebSocketURI:
    """Return the parts of a URL; of a Unix socket's address, those of its URL with the host ``localhost``.

    Raises:
        URLError: It is not valid.
    """
    split = split_unix(url)
    return parse_uri(split[1] if split else url)


def origin_of(url: str) -> tuple[bool, str, int] | None:
    """Return whether a URL uses TLS, its host or socket, and its port; None if it is not valid."""
    try:
        uri = uri_of(url)
    except tkws.URLError:
        return None
    split = split_unix(url)
    return (uri.secure, f"unix:{split[0]}", 0) if split else (uri.secure, uri.host, uri.port)


def redirect_location(error: Exception) -> str | None:
    """Return the location that an answer redirects to; None if it is not a redirect."""
    if isinstance(error, tkws.OpenError) and error.status in _REDIRECTS:
        return tkws.Headers(error.headers).get("Location")
    return None


def read_headers(lines: str) -> tuple[tuple[str, str], ...]:
    """Return the headers from lines of ``Name: value``; skip empty lines.

    Raises:
        ValueError: A line is not a header; the message has its number.
    """
    headers = []
    for number, line in enumerate(lines.splitlines(), 1):
        if line.strip():
            name, colon, value = line.partition(":")
            if not colon or not name.strip():
                raise ValueError(f"Header {number}: 'Name: value', not {line.strip()!r}")
            headers.append((name.strip(), value.strip()))
    return tuple(headers)


def read_protocols(text: str) -> tuple[str, ...]:
    """Return the subprotocols from a list with commas or spaces in between."""
    return tuple(re.split(r"[,\s]+", text.strip())) if text.strip() else ()
