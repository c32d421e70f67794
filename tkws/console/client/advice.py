"""Advice on a connection that could not be opened: the reason, and what the user can do about it at once.

Pure functions. The exceptions of `tkws` speak to a program's author, who has arguments to change; here they
are put for the user of the console, who has options and buttons.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

import tkws
from tkws.console.client.pinning import UntrustedCertificate
from tkws.console.client.target import Target, uri_of
from tkws.console.client.unixaddress import split_unix


class Remedy(StrEnum):
    """The label of a button that helps."""

    TRY_AGAIN = "Try again"
    WITH_TLS = "Try wss://"
    WITHOUT_TLS = "Try ws://"
    TRUST = "Trust this certificate…"
    VERIFY = "Verify as usual"
    AUTHORITY = "Choose an authority…"
    PROXY = "Proxy settings"
    HEADERS = "Headers"
    PROTOCOLS = "Subprotocols"


_SELF_SIGNED, _ISSUERS, _NAMES = (18,), (2, 19, 20, 21), (62, 64)  # X509_V_ERR_* of OpenSSL
_CERTIFICATES = MappingProxyType(
    {
        **dict.fromkeys(_SELF_SIGNED, "is self-signed"),
        **dict.fromkeys(_ISSUERS, "was signed by an authority that this machine does not know"),
        **dict.fromkeys(_NAMES, "is for another name"),
        9: "is not valid yet; check this machine's clock",
        10: "has expired",
        23: "was revoked",
    }
)
_FIELDS = MappingProxyType(  # by the argument of `tkws.open` that a refusal names
    {
        "url": ("The address ", ()),
        "protocols": ("Subprotocols: ", (Remedy.PROTOCOLS,)),
        "headers": ("Headers: ", (Remedy.HEADERS,)),
        "proxy": ("Proxy: ", (Remedy.PROXY,)),
    }
)
_HINTS_FOR_AUTHORS = re.compile(r":(?= [^:]*(?:\bssl\b|proxy_ssl|context)).*", re.DOTALL)


def advise(error: Exception, target: Target | None) -> tuple[str, tuple[Remedy, ...]]:
    """Return a sentence about why a connection was not opened, and the remedies.

    Args:
        error: The exception of the ``error`` or ``timeout`` event.
        target: The address that was to be connected to; None if that is unknown.
    """
    text = _HINTS_FOR_AUTHORS.sub("", str(error).splitlines()[0] if str(error) else type(error).__name__)
    if target is None or not isinstance(error, tkws.OpenError):
        return text, ()
    cause = error.__cause__
    if isinstance(cause, UntrustedCertificate):
        sentence = f"The certificate of {place_of(target)} is not the one that you trust."
        return sentence, (Remedy.TRUST, Remedy.VERIFY)
    if isinstance(cause, ssl.SSLCertVerificationError) and error.phase == "tls":
        return _of_certificate(cause, target)
    if error.phase == "tls" and "does not speak TLS" in text:
        return f"{place_of(target)} does not use TLS.", (Remedy.WITHOUT_TLS,)
    if error.phase == "resolve":
        return f"There is no host of the name {uri_of(target.url).host}.", (Remedy.TRY_AGAIN, Remedy.PROXY)
    if error.phase == "connect" and isinstance(cause, ConnectionRefusedError):
        return f"Nothing listens at {place_of(target)}.", (Remedy.TRY_AGAIN,)
    if error.phase == "proxy":
        return f"{text}.", (Remedy.PROXY, Remedy.TRY_AGAIN)
    if error.phase == "connect":  # a firewall may let only the proxy pass
        return f"{text}.", (Remedy.TRY_AGAIN, Remedy.PROXY)
    if error.phase == "handshake" and not isinstance(error, tkws.OpenTimeout):
        return f"{text}.", _of_answer(error, target)
    return f"{text}.", (Remedy.TRY_AGAIN,)


def advise_on_input(error: Exception) -> tuple[str, tuple[Remedy, ...]]:
    """Return a sentence about why an address or its options cannot be used, and the remedies.

    Args:
        error: The exception of `Target.open` or of reading the fields.
    """
    argument, colon, rest = str(error).partition(": ")
    if not colon or argument not in _FIELDS:
        return str(error), (Remedy.AUTHORITY,) if isinstance(error, OSError) else ()
    subject, remedies = _FIELDS[argument]
    return f"{subject}{rest}.", remedies


def changed_by(remedy: Remedy, target: Target) -> Target | None:
    """Return the target to connect to for a remedy; None if the user has to choose something first."""
    if remedy is Remedy.TRY_AGAIN:
        return target
    if remedy is Remedy.VERIFY:
        return replace(target, fingerprint="")
    if remedy in (Remedy.WITH_TLS, Remedy.WITHOUT_TLS):
        scheme = "wss" if remedy is Remedy.WITH_TLS else "ws"
        return replace(target, url=f"{scheme}:{target.url.partition(':')[2]}")
    return None


def _of_certificate(cause: ssl.SSLCertVerificationError, target: Target) -> tuple[str, tuple[Remedy, ...]]:
    what = _CERTIFICATES.get(cause.verify_code, f"is not accepted ({cause.verify_message})")
    mendable = cause.verify_code in _SELF_SIGNED + _ISSUERS
    remedies = (Remedy.TRUST, Remedy.AUTHORITY) if mendable else (Remedy.TRUST,)
    return f"The certificate of {place_of(target)} {what}.", remedies


def _of_answer(error: tkws.OpenError, target: Target) -> tuple[Remedy, ...]:
    body = error.body.lower()
    is_plain = not uri_of(target.url).secure
    wants_tls = error.status == 400 and (b"https" in body or b"tls" in body)  # as nginx and Go say
    if is_plain and (error.status is None or wants_tls):
        return (Remedy.WITH_TLS,)
    if error.status in (401, 403):
        return (Remedy.HEADERS,)
    return (Remedy.TRY_AGAIN,)


def place_of(target: Target) -> str:
    """Return the host and the port of a target, or its Unix socket."""
    if split := split_unix(target.url):
        return split[0]
    uri = uri_of(target.url)
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return f"{host}:{uri.port}"
