"""Why TLS failed, in one sentence that says what is wrong and what to do.

Knows OpenSSL's words for it; never advises to do without verification.
"""

from __future__ import annotations

import sys
from typing import NamedTuple


class Peer(NamedTuple):
    """Whom TLS is spoken with, in words that go into the sentences below."""

    name: str
    """What it is."""

    argument: str
    """The argument of `tkws.open` that has the context."""

    plain: str
    """The scheme without TLS."""


SERVER = Peer("server", "ssl", "ws")
PROXY = Peer("proxy", "proxy_ssl", "http")

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_CERTIFICATES = {
    9: "is not valid yet: check this machine's clock, or ask the {name}'s operator",
    10: "has expired: ask the {name}'s operator to renew it",
    18: (
        "is self-signed: have the {name} use one that an authority signed, or trust this one by "
        "{argument}=ssl.create_default_context(cafile=...)"
    ),
    19: (
        "was signed by an authority that this machine does not know: trust that authority by "
        "{argument}=ssl.create_default_context(cafile=...)"
    ),
    20: (
        "was signed by an authority that this machine does not know, or the {name} does not send the "
        "certificates in between: trust that authority by {argument}=ssl.create_default_context(cafile=...)"
    ),
    23: "was revoked: ask the {name}'s operator for a new one",
    62: "is for another name: use the name in the certificate, or have the name added to it",
    64: "is for another address: use the name in the certificate, or have the address added to it",
}

_SPEAKS_PLAIN = "The {name} does not speak TLS on this port: use {plain}: or another port"
_NO_COMMON_VERSION = "This side and the {name} have no version of TLS in common: update the older one"
_WANTS_CERTIFICATE = (
    "The {name} wants a certificate of this side: load one into the context given as {argument}"
)

_REASONS = {
    "WRONG_VERSION_NUMBER": _SPEAKS_PLAIN,
    "PACKET_LENGTH_TOO_LONG": _SPEAKS_PLAIN,
    "RECORD_LAYER_FAILURE": _SPEAKS_PLAIN,
    "UNSUPPORTED_PROTOCOL": _NO_COMMON_VERSION,
    "NO_PROTOCOLS_AVAILABLE": _NO_COMMON_VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_COMMON_VERSION,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_CERTIFICATE,
    "TLSV1_ALERT_UNKNOWN_CA": "The {name} does not know the authority of this side's certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "The {name} refuses this side's certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "The {name} refuses every cipher that this side offers, or wants a certificate of it: "
        "look at the {name}'s settings and the context given as {argument}"
    ),
}

_TLS_ALERT = b"\x15\x03"


def explain_tls(error: Exception, peer: Peer = SERVER) -> str:
    """Return what a failure of TLS with ``peer`` means; of another error its own words."""
    if "ssl" not in sys.modules:  # then it is none of its errors; to import it now might fail as well
        return str(error)
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        meaning = _CERTIFICATES.get(error.verify_code)
        said = f" {meaning.format_map(peer._asdict())}" if meaning else f": {error}"
        return f"The {peer.name}'s certificate{said}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or ""  # only OpenSSL's own errors have one
        return _REASONS[reason].format_map(peer._asdict()) if reason in _REASONS else str(error)
    return str(error)


def is_bad_certificate(error: object) -> bool:
    """Whether it says that a certificate does not verify."""
    if "ssl" not in sys.modules:
        return False
    import ssl

    return isinstance(error, ssl.SSLCertVerificationError)


def speaks_tls(data: bytes) -> bool:
    """Whether an answer to plain HTTP is a TLS server's alert (RFC 8446, 6)."""
    return data.startswith(_TLS_ALERT)
