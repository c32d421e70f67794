"""The proxy to use: a given one, or the environment's (``wss_proxy``, ``no_proxy`` and the like).

`proxy_for` reads the environment by `urllib.request.getproxies`; the others are pure functions
of a host, a port and such settings. Names are compared, never resolved: an address in
``no_proxy`` is for servers that are named by address.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType

from tkws.http.authority import is_loopback, parse_address
from tkws.http.hostnames import to_ascii
from tkws.net.proxy import require_socks
from tkws.net.proxyurl import Proxy, parse_proxy

# The settings that are used; the first that is set wins: WebSocket's own, then SOCKS, then HTTPS,
# then HTTP (RFC 6455, 4.1). A proxy for plain HTTP is not taken for TLS: it may not allow it.
_KEYS = MappingProxyType(
    {True: ("wss", "socks", "https", "all"), False: ("ws", "socks", "https", "http", "all")}
)

_ENTRY = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


def proxy_for(setting: str | bool | None, *, secure: bool, host: str, port: int) -> Proxy | None:
    """Return the proxy to go through to a server; None to go there directly.

    Args:
        setting: The proxy's URL; True for the environment's (see `environment_proxy`);
            None or False for none.
        secure: Whether the server is ``wss``.
        host: Its name in ASCII, or its address; IPv6 without brackets.
        port: Its port.

    Raises:
        TypeError: ``setting`` is of a wrong type.
        ValueError: The URL, given or in the environment, is not one of a proxy.
        ImportError: The proxy speaks SOCKS, and the extra ``tkws[socks]`` is not installed.
    """
    if setting is None or setting is False:
        return None
    if setting is True:
        proxy = environment_proxy(secure=secure, host=host, port=port, settings=_settings())
    else:
        proxy = parse_proxy(setting)
    if proxy is not None and proxy.is_socks:
        require_socks()
    return proxy


def environment_proxy(*, secure: bool, host: str, port: int, settings: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that is set for a server; None if it is to be reached directly.

    A server on this machine's own loopback addresses is always reached directly.

    Args:
        secure: Whether the server is ``wss``.
        host: Its name in ASCII, or its address; IPv6 without brackets.
        port: Its port.
        settings: The result of `urllib.request.getproxies`: URLs by scheme, and ``no``.

    Raises:
        ValueError: The setting is not the URL of a proxy; the message names it but not its password.
    """
    key = next((key for key in _KEYS[secure] if settings.get(key, "").strip()), None)
    if key is None or is_loopback(host) or is_excepted(host, port, settings.get("no", "")):
        return None
    url, scheme = settings[key].strip(), "http"
    if key == "socks":
        # The settings of macOS come as http://, and a setting without a scheme is meant as it is named.
        url, scheme = url.removeprefix("http://"), "socks5h"
    try:
        return parse_proxy(url, scheme)
    except ValueError as error:
        raise ValueError(f"{error} (in {key}_proxy of the environment)") from None


def is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Tell whether ``no_proxy`` exempts a server.

    Args:
        host: The server's name in ASCII, or its address; IPv6 without brackets.
        port: Its port.
        no_proxy: Entries between commas or spaces, in any case: ``*`` for all; a name, for itself
            and for names that end in it after a dot, written as ``example.org``, ``.example.org`` or
            ``*.example.org``; an address; a network as ``10.0.0.0/8`` or ``fd00::/8``. A port may
            follow a name or an address, which for IPv6 is in brackets then. Anything else is ignored.
    """
    return any(_matches(entry, host, port) for entry in re.split(r"[,\s]+", no_proxy) if entry)


def _settings() -> Mapping[str, str]:
    """Return the settings of the environment, and on Windows and macOS those of the system."""
    elsewhere = os.name == "nt" or sys.platform == "darwin"
    if not elsewhere and not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}
    from urllib.request import getproxies  # takes as long to import as all of tkws

    return getproxies()


def _matches(entry: str, host: str, port: int) -> bool:
    parts = _ENTRY.fullmatch(entry)
    pattern, wanted = (parts["ipv6"] or parts["name"], parts["port"]) if parts else (entry, None)
    if wanted is not None and int(wanted) != port:
        return False
    if pattern == "*":
        return True
    address = parse_address(host)
    return _ends_in(host, pattern) if address is None else _is_within(address, pattern)


def _ends_in(host: str, pattern: str) -> bool:
    try:
        name = to_ascii(pattern.removeprefix("*").strip("."))
    except ValueError:
        return False
    return bool(name) and f".{host.lower().rstrip('.')}".endswith(f".{name}")


def _is_within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, pattern: str) -> bool:
    try:
        return address in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False
