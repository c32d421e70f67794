"""The URL of a proxy (RFC 3986): its protocol, its address, and the credentials to use.

Knows the syntax, not the network. No error, ``str`` or ``repr`` shows a password, and an error shows
nothing of a URL that could not be parsed, since any part of it may belong to a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType

from tkws.http.authority import format_authority, parse_authority

# Each with its default port; that of SOCKS is registered, the others are HTTP's.
_PORTS = MappingProxyType(
    {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
)

# Desktops write socks:// for a SOCKS proxy of any version; the newest keeps names private.
_ALIASES = MappingProxyType({"socks": "socks5h"})

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?P<authority>(?:[^/?#]*@)?(?:\[[^\[\]]*\]|[^\[\]:/?#@]*)(?::[0-9]*)?)/?"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and what no encoding has
_MAX_SOCKS_FIELD = 255  # bytes of a user or a password: their length is one byte (RFC 1929, 2)


@dataclass(frozen=True, slots=True)
class Proxy:
    """The parsed URL of a proxy. Its ``str`` is that URL without the credentials."""

    scheme: str
    """``http``, ``https`` (TLS to the proxy itself), ``socks4``, ``socks4a``, ``socks5`` or ``socks5h``."""

    host: str
    """The name in ASCII and lower case, or the address; IPv6 without brackets."""

    port: int
    """The port: 80, 443 or 1080 if the URL has none."""

    username: str | None = None
    """The user, percent-decoded; None if the URL has none."""

    password: str | None = field(default=None, repr=False)
    """The password, percent-decoded; None if the URL has none."""

    digest_only: bool = False
    """Whether HTTP sends the credentials only in answer to a challenge by Digest, and never as Basic."""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken with the proxy itself."""
        return self.scheme == "https"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS; otherwise it takes CONNECT."""
        return self.scheme.startswith("socks")

    @property
    def resolves_names(self) -> bool:
        """Whether the name of the server is resolved at the proxy and not here."""
        return self.scheme not in ("socks4", "socks5")

    def __str__(self) -> str:
        return f"{self.scheme}://{format_authority(self.host, self.port)}"


def parse_proxy(url: str, scheme: str = "http") -> Proxy:
    """Read the URL of a proxy.

    Args:
        url: Such as ``http://user:password@proxy.example:3128`` or ``socks5h://127.0.0.1:1080``.
            The credentials are percent-encoded.
        scheme: For a URL without one, such as ``proxy.example:3128``.

    Raises:
        TypeError: ``url`` is not a str.
        ValueError: ``url`` has an unknown scheme, a bad host or port, a path, or credentials that
            the proxy's protocol cannot carry. The message begins with ``proxy:``.
    """
    if not isinstance(url, str):
        raise TypeError(f"proxy: a URL as str, not {type(url).__name__}")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise ValueError(
            "proxy: a URL such as http://user:password@host:port, with what is neither a letter nor a "
            "digit in the user and the password percent-encoded"
        )
    scheme = (parts["scheme"] or scheme).lower()
    scheme = _ALIASES.get(scheme, scheme)
    if scheme not in _PORTS:
        raise ValueError(f"proxy: a URL that begins with {', '.join(_PORTS)}, not {scheme:.20}")
    try:
        host, port, username, password = parse_authority(parts["authority"])
    except ValueError as error:
        raise ValueError(f"proxy: the URL {error}") from None
    _check_credentials(scheme, username or "", password)
    return Proxy(scheme, host, port or _PORTS[scheme], username, password)


def _check_credentials(scheme: str, username: str, password: str | None) -> None:
    if _CONTROL.search(username + (password or "")):
        raise ValueError("proxy: the credentials have control characters")
    if scheme.startswith("http") and ":" in username:
        raise ValueError("proxy: a user name with a colon, which HTTP cannot carry (RFC 7617, 2)")
    if scheme.startswith("socks4") and password is not None:
        raise ValueError("proxy: a password, which SOCKS4 cannot carry: use socks5:// or socks5h://")
    longest = max(len(text.encode()) for text in (username, password or ""))
    if scheme.startswith("socks5") and longest > _MAX_SOCKS_FIELD:
        raise ValueError(f"proxy: a user or a password of more than {_MAX_SOCKS_FIELD} bytes (RFC 1929, 2)")
