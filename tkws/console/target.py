"""What to connect to and how: the address with its subprotocols, headers, TLS and proxy.

Knows what a person types, and turns it into the arguments of `tkws.open`. Makes no connection
before it is told to.
"""

from __future__ import annotations

import re
import ssl
import tkinter
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import tkws
from tkws.options import Handler
from tkws.protocol.uri import parse_uri

SYSTEM_PROXY = "system"
NO_PROXY = "none"
MOST_REDIRECTS = 10

_REDIRECTS = (301, 302, 303, 307, 308)
_SECRET_HEADER = re.compile(r"auth|cookie|token|secret|key|password", re.IGNORECASE)
_SECRET_QUERY = re.compile(r"auth|token|secret|key|pass|sig|code", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to connect to.

    Attributes:
        url: ``ws://`` or ``wss://``; `complete` adds what is left out.
        protocols: The subprotocols offered.
        headers: More headers, in order.
        ca_file: A PEM file of the authorities to trust instead of the system's; empty for those.
        verify: Whether a server's certificate is verified. Without it anybody can listen in.
        proxy: The proxy's URL, `SYSTEM_PROXY` or `NO_PROXY`.
        reconnect: Whether to connect again when the connection is lost.
        compression: Whether to offer it.
        ping_interval: Seconds between the pings that measure the latency; 0 for none.
        timeout: Seconds for the whole opening.
        max_message: The most bytes that a received message may have.
    """

    url: str
    protocols: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    ca_file: str = ""
    verify: bool = True
    proxy: str = SYSTEM_PROXY
    reconnect: bool = False
    compression: bool = True
    ping_interval: float = 5.0
    timeout: float = 30.0
    max_message: int = 64 << 20

    @property
    def is_bound(self) -> bool:
        """Whether something of it is for its own origin alone, so that no redirect may take it elsewhere."""
        trusted = self.ca_file or not self.verify
        return bool(self.headers or self.protocols or trusted) or self.proxy != SYSTEM_PROXY

    def redirected(self, location: str) -> Target:
        """Return what a redirect within the origin leads to.

        Raises:
            ValueError: It leads to another origin, or to no address.
        """
        here = parse_uri(self.url)
        there = parse_uri(urljoin(f"{here.origin}{here.target}", location))
        if (there.secure, there.host, there.port) != origin_of(self.url):
            raise ValueError(f"the options are for {here.shown} only; to go on, connect to {there.shown}")
        parts = urlsplit(self.url)
        return replace(self, url=f"{parts.scheme}://{parts.netloc}{there.target}")

    def open(self, handler: Handler, master: tkinter.Misc) -> tkws.WebSocket:
        """Begin to connect; see `tkws.open` for what it raises.

        Redirects are followed where nothing `is_bound`; else `redirected` says where to go on.

        Raises:
            OSError: The file of authorities cannot be read.
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
            max_redirects=0 if self.is_bound else MOST_REDIRECTS,
        )

    def _context(self) -> ssl.SSLContext | None:
        if not self.url.startswith("wss:") or (self.verify and not self.ca_file):
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


def complete(address: str) -> str:
    """Return a typed address as a URL: ``ws://`` where it names no scheme, or just a port of this machine."""
    address = address.strip()
    if re.fullmatch(r":?\d{1,5}(/.*)?", address):
        return f"ws://127.0.0.1:{address.lstrip(':')}"
    if address and "://" not in address:
        return f"ws://{address}"
    return address


def origin_of(url: str) -> tuple[bool, str, int] | None:
    """Return whether an address is of TLS, its host and its port; None for what is no address."""
    try:
        uri = parse_uri(url)
    except tkws.URLError:
        return None
    return uri.secure, uri.host, uri.port


def redirect_of(error: Exception) -> str | None:
    """Return where an answer redirects to; None for what is no redirect."""
    if isinstance(error, tkws.OpenError) and error.status in _REDIRECTS:
        return tkws.Headers(error.headers).get("Location")
    return None


def read_headers(lines: str) -> tuple[tuple[str, str], ...]:
    """Return the headers written one a line as ``Name: value``; empty lines are passed over.

    Raises:
        ValueError: A line is none; the message names it.
    """
    headers = []
    for number, line in enumerate(lines.splitlines(), 1):
        if line.strip():
            name, colon, value = line.partition(":")
            if not colon or not name.strip():
                raise ValueError(f"Header {number}: 'Name: value' is wanted, not {line.strip()!r}")
            headers.append((name.strip(), value.strip()))
    return tuple(headers)


def read_protocols(text: str) -> tuple[str, ...]:
    """Return the subprotocols written with commas or spaces between them."""
    return tuple(re.split(r"[,\s]+", text.strip())) if text.strip() else ()


def without_secrets(url: str) -> str:
    """Return an address as it may be stored: no password, no value of a query's key or token."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return ""
    if not any(_SECRET_QUERY.search(name) for name, _ in query):
        return urlunsplit(parts._replace(netloc=host))
    kept = [(name, "" if _SECRET_QUERY.search(name) else value) for name, value in query]
    return urlunsplit(parts._replace(netloc=host, query=urlencode(kept, quote_via=quote)))


def is_secret(header: str) -> bool:
    """Whether a header's value lets somebody in, by its name; such a value is not stored."""
    return _SECRET_HEADER.search(header) is not None
