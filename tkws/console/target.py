"""The target of a connection: the address with its subprotocols, headers, TLS and proxy.

Turns user input into the arguments of `tkws.open`. Connects only when `Target.open` is called.
"""

from __future__ import annotations

import re
import ssl
import tkinter
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import tkws
from tkws.console.pinning import PinningContext
from tkws.options import Handler
from tkws.protocol.uri import follow, parse_uri

SYSTEM_PROXY = "system"
NO_PROXY = "none"
MAX_REDIRECTS = 10

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The server to connect to, with the parameters of the connection.

    Attributes:
        url: A URL with ``ws://`` or ``wss://``; see `complete_url`.
        protocols: The subprotocols to offer.
        headers: Additional headers, in order.
        ca_file: A PEM file of the CAs to trust instead of the system's; empty for the system's.
        verify: Whether to verify the server's certificate. If not, others can read and change the traffic.
        fingerprint: The SHA-256 digest of the only certificate to accept, whatever else is wrong with it;
            empty to verify the certificate as usual.
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
        trusted = self.ca_file or self.fingerprint or not self.verify
        return bool(self.headers or self.protocols or self.greetings or trusted) or self.proxy != SYSTEM_PROXY

    def redirected(self, location: str) -> Target:
        """Return the target that a redirect within the origin leads to.

        Raises:
            ValueError: The redirect leads to another origin, or ``location`` is invalid.
        """
        here = parse_uri(self.url)
        try:
            there = follow(here, location)
        except tkws.URLError as error:
            raise ValueError(f"it {error}") from None
        if not there.is_same_server(here):
            raise ValueError(
                f"the options are for {here.redacted} only; to follow it, connect to {there.redacted}"
            )
        parts = urlsplit(self.url)
        return replace(self, url=f"{parts.scheme}://{parts.netloc}{there.target}")

    def open(self, handler: Handler, master: tkinter.Misc) -> tkws.WebSocket:
        """Start to connect; see `tkws.open` for other exceptions.

        Redirects are followed unless the target `is_origin_bound`; then use `redirected`.

        Raises:
            OSError: The CA file cannot be read.
        """
        return tkws.open(
            self.url,
            handler,
            master=master,
            protocols=self.protocols,
            headers=self.headers,
            proxy={SYSTEM_PROXY: True, NO_PROXY: None}.get(self.proxy, self.proxy),
            ssl=self._context(),
            timeout=self.timeout,
            reconnect=self.reconnect,
            compression=self.compression,
            max_message=self.max_message,
            max_redirects=0 if self.is_origin_bound else MAX_REDIRECTS,
        )

    def _context(self) -> ssl.SSLContext | None:
        if not parse_uri(self.url).secure:
            return None
        if self.fingerprint:
            return PinningContext.trusting(self.fingerprint)
        if self.verify and not self.ca_file:
            return None
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
    """Return an address as a URL: add ``ws://`` if it has no scheme, and this host if it is only a port."""
    address = address.strip()
    if re.fullmatch(r":?\d{1,5}(/.*)?", address):
        return f"ws://127.0.0.1:{address.lstrip(':')}"
    if address and "://" not in address:
        return f"ws://{address}"
    return address


def origin_of(url: str) -> tuple[bool, str, int] | None:
    """Return whether a URL uses TLS, its host and its port; None if it is not valid."""
    try:
        uri = parse_uri(url)
    except tkws.URLError:
        return None
    return uri.secure, uri.host, uri.port


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
