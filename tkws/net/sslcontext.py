"""TLS contexts: checks of a program's own, and the default one, which a thread makes as that takes time."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from tkws.checks import check_kind
from tkws.net.worker import Job

if TYPE_CHECKING:
    from tkws.loop import Loop


def check_ssl_context(name: str, ssl_context: ssl.SSLContext | None, *, server_side: bool) -> None:
    """Check a TLS context of the program's for this end of a connection; None passes.

    Args:
        name: The argument's name, for the error.
        ssl_context: The context, or None.
        server_side: Whether this end is the server.

    Raises:
        TypeError: `ssl_context` is not an `ssl.SSLContext`.
        ValueError: `ssl_context` is a context for the other end.
    """
    if ssl_context is None:
        return
    check_kind(name, ssl_context, ssl.SSLContext, "an ssl.SSLContext")
    mine, other = ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER
    if server_side:
        mine, other = other, mine
    if ssl_context.protocol is other:
        end = "server" if server_side else "client"
        raise ValueError(f"{name}: a context for a {end} ({mine.name}), not {other.name}")


@functools.cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the context for clients: certificates verified by the system's CAs, HTTP/1.1 by ALPN (RFC 7301).

    It is made once and shared, so it must not be changed. Reading the system's CAs takes 50 ms or
    more; `load_default_ssl_context` does it in a thread.

    Raises:
        OSError: The file of the system's CAs could not be opened; the next call tries again.
    """
    ssl_context = ssl.create_default_context()
    authorities = ssl.get_default_verify_paths().cafile
    if authorities and not ssl_context.cert_store_stats()["x509"]:
        open(authorities, "rb").close()  # raises what OpenSSL hides: no descriptor is left
    ssl_context.set_alpn_protocols(["http/1.1"])
    return ssl_context


def load_default_ssl_context(
    loop: Loop, on_loaded: Callable[[ssl.SSLContext], object], on_failed: Callable[[Exception], object]
) -> Job[ssl.SSLContext]:
    """Make the default context without blocking; the answer comes from ``loop``.

    Args:
        loop: Calls back.
        on_loaded: Called with the context.
        on_failed: Called with what `default_ssl_context` raised instead.

    Returns:
        The job, which can be cancelled.
    """
    return Job(loop, default_ssl_context, on_loaded, on_failed)
