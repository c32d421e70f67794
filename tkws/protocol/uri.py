"""The URL of a WebSocket server (RFC 6455, 3; RFC 3986).

Knows the syntax, not the network. ``http`` and ``https`` stand for ``ws`` and ``wss``, as the
other way round in tcllib. A host with other than ASCII letters is encoded by the IDNA of 2003,
which is the one that the standard library has and resolves names with. No error and no `repr`
shows a password or a query, in which tokens often travel.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tkws.errors import URLError

# Compiled, and kept, by re when the first URL is read.
_URL = (
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<userinfo>[^/?#]*)@)?(?P<authority>[^/?#@]*)"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?"
)
_AUTHORITY = r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>[0-9]*))?"
_NAME = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?"
_MAX_NAME = 254  # characters, with a dot at the end (RFC 1035, 2.3.4)

# White space, control characters and surrogates would break the lines of HTTP or its encoding.
_NOT_IN_A_URL = r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]"

# What may stand unencoded in a path (RFC 3986, 3.3), and "%", which begins what is encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=~"

_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


@dataclass(frozen=True, slots=True)
class WebSocketURI:
    """What a URL says. Its ``str`` is that URL in its plain form, without the credentials."""

    secure: bool
    """Whether the connection is made over TLS: ``wss``."""

    host: str
    """The name in ASCII and lower case, or the address; IPv6 without brackets."""

    port: int
    """The port, 80 or 443 where the URL has none."""

    target: str = field(default="/", repr=False)
    """The path and the query as they are sent, percent-encoded."""

    username: str | None = None
    """The user, percent-decoded; None where the URL names none."""

    password: str | None = field(default=None, repr=False)
    """The password, percent-decoded; None where the URL has none."""

    @property
    def host_header(self) -> str:
        """The value of the Host field: without a default port, and without an IPv6 zone."""
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port as a web origin, such as ``https://example.org`` (RFC 6454, 6.2)."""
        return f"{'https' if self.secure else 'http'}://{self.host_header}"

    @property
    def shown(self) -> str:
        """The URL as messages and logs may show it: without credentials, and without the query."""
        return str(self).partition("?")[0]

    def __str__(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self.host_header}{self.target}"


def parse_uri(url: str) -> WebSocketURI:
    """Read the URL of a WebSocket server.

    Args:
        url: Such as ``wss://user:password@example.org:8443/path?query``. Characters beyond
            ASCII are percent-encoded in the path and the query.

    Raises:
        TypeError: `url` is no str.
        URLError: `url` has another scheme, no host, a bad host or port, a fragment (RFC 6455,
            3), white space or control characters.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be a str, not {type(url).__name__}")
    if re.search(_NOT_IN_A_URL, url):
        raise URLError("url must not have white space or control characters")
    parts = re.fullmatch(_URL, url)
    if parts is None:
        raise URLError("url must look like ws://host/path")
    secure = _SECURE.get(parts["scheme"].lower())
    if secure is None:
        raise URLError(f"url must begin with ws:// or wss://, not {parts['scheme']}://")
    if parts["fragment"] is not None:
        raise URLError("url must not have a fragment (encode a '#' as %23)")
    username, password = _read_userinfo(parts["userinfo"])
    try:
        host, port = _read_authority(parts["authority"])
    except URLError:
        if "@" in parts["path"] + (parts["query"] or ""):  # then the "host" may be a part of a password
            raise URLError("url must have '/' and '?' in its credentials percent-encoded") from None
        raise
    target = quote(parts["path"] or "/", _PATH_SAFE)
    if parts["query"] is not None:
        target += "?" + quote(parts["query"], _PATH_SAFE + "?")
    return WebSocketURI(secure, host, port or (443 if secure else 80), target, username, password)


def _read_userinfo(userinfo: str | None) -> tuple[str | None, str | None]:
    if userinfo is None:
        return None, None
    name, colon, secret = userinfo.partition(":")
    try:
        username, password = unquote(name, errors="strict"), unquote(secret, errors="strict")
    except UnicodeDecodeError:
        raise URLError("url has credentials that are not UTF-8") from None
    if ":" in username:
        raise URLError("url has a user name with a colon, which HTTP cannot carry (RFC 7617, 2)")
    return username, password if colon else None


def _read_authority(authority: str) -> tuple[str, int | None]:
    parts = re.fullmatch(_AUTHORITY, authority)
    if parts is None:
        raise URLError(f"url must have a host and perhaps a port, not {authority!r}")
    host = _read_ipv6(parts["ipv6"]) if parts["ipv6"] is not None else _read_name(parts["name"])
    if not parts["port"]:
        return host, None
    port = int(parts["port"]) if len(parts["port"]) <= 5 else 0
    if not 1 <= port <= 65535:
        raise URLError(f"url has the port {parts['port']:.20}, which is not 1 to 65535")
    return host, port


def _read_ipv6(text: str) -> str:
    try:
        # RFC 6874 writes the "%" before a zone encoded; people do not.
        return str(ipaddress.IPv6Address(text.replace("%25", "%", 1)))
    except ValueError:
        raise URLError(f"url has an invalid IPv6 address: {text!r}") from None


def _read_name(name: str) -> str:
    if not name:
        raise URLError("url must have a host")
    host = name.lower() if name.isascii() else _encode_idna(name)
    if not re.fullmatch(_NAME, host) or len(host) > _MAX_NAME:
        raise URLError(f"url has an invalid host: {name:.80}")
    return host


def _encode_idna(name: str) -> str:
    """Return an international name in ASCII; nothing where it cannot be one."""
    try:
        return name.encode("idna").decode("ascii").lower() if len(name) <= _MAX_NAME else ""
    except UnicodeError:
        return ""
