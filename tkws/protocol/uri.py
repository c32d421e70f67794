"""The URL of a WebSocket server (RFC 6455, 3; RFC 3986), and where a redirect leads (WHATWG URL).

Knows the syntax, not the network. ``http`` and ``https`` are accepted for ``ws`` and ``wss``. No error and
no `repr` shows a password, or a query, which often contains a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import quote

from tkws.checks import check_text
from tkws.errors import URLError
from tkws.http.authority import format_authority, format_host, parse_authority

# The module re compiles and caches it when the first URL is parsed.
_URL = (
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>(?:[^/?#]*@)?[^/?#@]*)"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?"
)

# White space, control characters and surrogates would break the lines of HTTP or its encoding.
_NOT_IN_A_URL = r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]"

# Characters that may stand unencoded in a path (RFC 3986, 3.3), and "%", which begins an encoded one.
_PATH_SAFE = "/%:@!$&'()*+,;=~"

_SECURE = MappingProxyType({"ws": False, "http": False, "wss": True, "https": True})

# Visible characters that browsers encode in a path and in a query (WHATWG URL, 1.3).
_NOT_IN_A_PATH = frozenset('"<>^`{}')
_NOT_IN_A_QUERY = frozenset("\"<>'")
_REFERENCE = r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?P<rest>[^?]*)(?:\?(?P<query>.*))?"


@dataclass(frozen=True, slots=True)
class WebSocketURI:
    """A parsed URL. Its ``str`` is that URL in its plain form, without the credentials."""

    secure: bool
    """Whether the connection is made over TLS: ``wss``."""

    host: str
    """The name in ASCII and lower case, or the address; IPv6 without brackets."""

    port: int
    """The port; 80 or 443 if the URL has none."""

    target: str = field(default="/", repr=False)
    """The path and the query as they are sent, percent-encoded."""

    username: str | None = None
    """The user, percent-decoded; None if the URL has none."""

    password: str | None = field(default=None, repr=False)
    """The password, percent-decoded; None if the URL has none."""

    @property
    def host_header(self) -> str:
        """The value of the Host field: without a default port, and without an IPv6 zone."""
        return self._authority(zone=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port as a web origin, such as ``https://example.org`` (RFC 6454, 6.2)."""
        return f"{'https' if self.secure else 'http'}://{self.host_header}"

    @property
    def redacted(self) -> str:
        """The URL as messages and logs may show it: without credentials, and without the query."""
        return str(self).partition("?")[0]

    def __str__(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self._authority(zone=True)}{self.target}"

    def is_same_server(self, other: WebSocketURI) -> bool:
        """Tell whether another URL has the same origin, and leads to it by the same IPv6 zone."""
        return (self.secure, self.host, self.port) == (other.secure, other.host, other.port)

    def _authority(self, *, zone: bool) -> str:
        if self.port == _default_port(self.secure):
            return format_host(self.host, zone=zone)
        return format_authority(self.host, self.port, zone=zone)


def parse_uri(url: str) -> WebSocketURI:
    """Read the URL of a WebSocket server.

    Args:
        url: Such as ``wss://user:password@example.org:8443/path?query``. Characters beyond
            ASCII are percent-encoded in the path and the query.

    Raises:
        TypeError: `url` is not a str.
        URLError: `url` has another scheme, no host, a bad host or port, a fragment (RFC 6455,
            3), white space or control characters.
    """
    check_text("url", url)
    if re.search(_NOT_IN_A_URL, url):
        raise URLError("url: must not have white space or control characters")
    parts = re.fullmatch(_URL, url)
    if parts is None:
        raise URLError("url: must look like ws://host/path")
    secure = _SECURE.get(parts["scheme"].lower())
    if secure is None:
        raise URLError(f"url: must begin with ws:// or wss://, not {parts['scheme']:.20}://")
    if parts["fragment"] is not None:
        raise URLError("url: must not have a fragment (encode a '#' as %23)")
    target = quote(parts["path"] or "/", _PATH_SAFE)
    if parts["query"] is not None:
        target += "?" + quote(parts["query"], _PATH_SAFE + "?")
    try:
        return _from_authority(secure, parts["authority"], target)
    except ValueError as error:
        if "@" in parts["path"] + (parts["query"] or ""):  # then the "host" may be a part of a password
            raise URLError("url: must have '/' and '?' in its credentials percent-encoded") from None
        raise URLError(f"url: {error}") from None


def follow(base: WebSocketURI, location: str) -> WebSocketURI:
    """Return the URL that a redirect leads to, parsed as browsers do.

    Credentials and an IPv6 zone are kept if the redirect stays at the same server and has none itself.

    Args:
        base: The URL that was asked for.
        location: The value of Location, byte for byte as it came: raw UTF-8, spaces and backslashes are
            accepted; a fragment is dropped.

    Raises:
        URLError: ``location`` leads to no WebSocket server. The message continues "the redirect ...".
    """
    parts = re.fullmatch(_REFERENCE, _normalized(location), re.DOTALL)
    assert parts is not None
    secure = base.secure if parts["scheme"] is None else _SECURE.get(parts["scheme"].lower())
    if secure is None:
        raise URLError(f"leads to {parts['scheme']:.20}:, not to ws: or http:")
    rest, query = parts["rest"].replace("\\", "/"), parts["query"]
    if secure != base.secure or rest.startswith("//"):
        text, slash, path = rest.lstrip("/").partition("/")
        try:
            uri = _from_authority(secure, text, _target(slash + path, query))
        except ValueError as error:
            raise URLError(str(error)) from None
    else:
        path, _, old_query = base.target.partition("?")
        if not rest and query is None and "?" in base.target:
            query = old_query
        path = rest if rest.startswith("/") else path.rpartition("/")[0] + "/" + rest if rest else path
        uri = replace(base, target=_target(path, query), username=None, password=None)
    if uri.host == base.host.partition("%")[0]:
        uri = replace(uri, host=base.host)
    if uri.username is None and uri.is_same_server(base):
        uri = replace(uri, username=base.username, password=base.password)
    return uri


def _from_authority(secure: bool, authority: str, target: str) -> WebSocketURI:
    host, port, username, password = parse_authority(authority)
    if ":" in (username or ""):
        raise ValueError("must not have a colon in the user name, which HTTP cannot carry (RFC 7617, 2)")
    return WebSocketURI(secure, host, port or _default_port(secure), target, username, password)


def _default_port(secure: bool) -> int:
    return 443 if secure else 80


def _normalized(location: str) -> str:
    """Return a location in ASCII, without what browsers leave out of it (WHATWG URL, 4.4)."""
    text = "".join(character if character.isascii() else f"%{ord(character):02X}" for character in location)
    text = text.strip("".join(map(chr, range(0x21))))
    return text.partition("#")[0].translate(dict.fromkeys(map(ord, "\t\r\n")))


def _target(path: str, query: str | None) -> str:
    target = _percent_encoded(_remove_dot_segments(path), _NOT_IN_A_PATH)
    return target if query is None else f"{target}?{_percent_encoded(query, _NOT_IN_A_QUERY)}"


def _remove_dot_segments(path: str) -> str:
    """Return a path without "." and ".." (RFC 3986, 5.2.4), which may be percent-encoded."""
    segments: list[str] = []
    last = ""
    for segment in path.removeprefix("/").split("/"):
        last = segment.lower().replace("%2e", ".")
        if last == "..":
            segments[-1:] = []
        elif last != ".":
            segments.append(segment)
    if last in (".", ".."):
        segments.append("")
    return "/" + "/".join(segments)


def _percent_encoded(text: str, excluded: frozenset[str]) -> str:
    return "".join(
        character if "!" <= character <= "~" and character not in excluded else f"%{ord(character):02X}"
        for character in text
    )
