"""The URL of a proxy (RFC 3986): how it is spoken to, where it is, and as whom.

Knows the syntax, not the network. No error, ``str`` or ``repr`` shows a password, and an error
shows nothing of a URL that it could not take apart: any piece may belong to one.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

# Each with its port where the URL has none; that of SOCKS is registered, the others are HTTP's.
_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}

# Desktops write socks:// for a SOCKS proxy of no stated version; the newest hides names best.
_ALIASES = {"socks": "socks5h"}

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<userinfo>[^/?#]*)@)?"
    r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^\[\]:/?#@]*))(?::(?P<port>[0-9]*))?/?"
)
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")
_MAX_NAME = 254  # characters, with a dot at the end (RFC 1035, 2.3.4)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and what no encoding has
_MAX_SOCKS_FIELD = 255  # bytes of a user or a password: their length is one byte (RFC 1929, 2)


@dataclass(frozen=True, slots=True)
class Proxy:
    """What the URL of a proxy says. Its ``str`` is that URL without the credentials."""

    scheme: str
    """``http``, ``https`` (TLS to the proxy itself), ``socks4``, ``socks4a``, ``socks5`` or ``socks5h``."""

    host: str
    """The name in ASCII and lower case, or the address; IPv6 without brackets."""

    port: int
    """The port: 80, 443 or 1080 where the URL has none."""

    username: str | None = None
    """The user, percent-decoded; None where the URL names none."""

    password: str | None = field(default=None, repr=False)
    """The password, percent-decoded; None where the URL has none."""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken with the proxy itself."""
        return self.scheme == "https"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS; else it takes CONNECT."""
        return self.scheme.startswith("socks")

    @property
    def resolves_names(self) -> bool:
        """Whether the name of the server is resolved at the proxy and not here."""
        return self.scheme not in ("socks4", "socks5")

    def __str__(self) -> str:
        return f"{self.scheme}://{authority(self.host, self.port)}"


def authority(host: str, port: int) -> str:
    """Return host and port as in a URL: IPv6 in brackets, and without a zone."""
    host = host.partition("%")[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_proxy(url: str, scheme: str = "http") -> Proxy:
    """Read the URL of a proxy.

    Args:
        url: Such as ``http://user:password@proxy.example:3128`` or ``socks5h://127.0.0.1:1080``.
            The credentials are percent-encoded.
        scheme: For a URL without one, such as ``proxy.example:3128``.

    Raises:
        TypeError: ``url`` is no str.
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
    host = _read_ipv6(parts["ipv6"]) if parts["ipv6"] is not None else _read_name(parts["name"])
    username, password = _read_userinfo(parts["userinfo"])
    _check_credentials(scheme, username or "", password)
    return Proxy(scheme, host, _read_port(parts["port"]) or _PORTS[scheme], username, password)


def _read_ipv6(text: str) -> str:
    try:
        # RFC 6874 writes the "%" before a zone encoded; people do not.
        return str(ipaddress.IPv6Address(text.replace("%25", "%", 1)))
    except ValueError:
        raise ValueError("proxy: what is in brackets is no IPv6 address") from None


def _read_name(name: str) -> str:
    try:
        host = name.encode("idna").decode("ascii").lower() if len(name) <= _MAX_NAME else ""
    except UnicodeError:
        host = ""
    if not _NAME.fullmatch(host) or len(host) > _MAX_NAME:
        raise ValueError("proxy: the URL has no host, or an invalid one")
    return host


def _read_port(text: str | None) -> int | None:
    if not text:
        return None
    port = int(text) if len(text) <= 5 else 0
    if not 1 <= port <= 65535:
        raise ValueError("proxy: the port is not 1 to 65535")
    return port


def _read_userinfo(userinfo: str | None) -> tuple[str | None, str | None]:
    if not userinfo:
        return None, None
    name, colon, secret = userinfo.partition(":")
    try:
        return unquote(name, errors="strict"), unquote(secret, errors="strict") if colon else None
    except UnicodeDecodeError:
        raise ValueError("proxy: the credentials are not UTF-8") from None


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
