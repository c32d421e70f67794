"""Why TLS failed, in one sentence that says what is wrong and what to do; and whether retrying helps.

Translates OpenSSL's reasons; a cause without a sentence of its own gets one with its name in plain words.
Never advises to disable verification.
"""

from __future__ import annotations

import os
import re
import ssl
from types import MappingProxyType
from typing import NamedTuple


class Peer(NamedTuple):
    """The other end of TLS, in words that go into the sentences below."""

    name: str
    """Its role."""

    argument: str
    """The argument of `tkws.open` that has the context."""

    plain: str
    """The scheme without TLS."""


SERVER = Peer("server", "ssl", "ws")
PROXY = Peer("proxy", "proxy_ssl", "http")
PEER = Peer("peer", "ssl", "ws")  # of a connection that is open, at either end

_UNKNOWN_AUTHORITY = (
    "was signed by an authority that this machine does not know, or the {name} does not send the "
    "certificates in between: trust that authority by {argument}=ssl.create_default_context(cafile=...)"
)
_WRONGLY_MADE = (
    "breaks a rule that Python 3.13 and later check ({words}): ask the {name}'s operator for a new "
    "one, or give "
    "as {argument} a context without ssl.VERIFY_X509_STRICT in its verify_flags"
)
_TOO_WEAK = (
    "has a key or a signature that is too weak for this machine's settings: ask the {name}'s operator for a "
    "new one"
)
_NO_REVOCATION_LIST = (
    "cannot be checked for revocation: load the authority's present list into the context given as "
    "{argument}, "
    "or check none"
)
_NOT_YET = "is not valid yet: check this machine's clock, or ask the {name}'s operator"
_NO_AUTHORITIES = (
    "cannot be checked, since Python finds no authorities on this machine: install the system's package "
    "(ca-certificates), name a file of authorities in SSL_CERT_FILE, or give {argument}="
    "truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT) of the package truststore"
)

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_ISSUER_CODES = frozenset((2, 20, 21))  # the issuer is missing
_NOT_YET_CODES = frozenset((9, 11))
_CERTIFICATES = MappingProxyType(
    {
        **dict.fromkeys(_ISSUER_CODES, _UNKNOWN_AUTHORITY),
        **dict.fromkeys((3, 12, 33), _NO_REVOCATION_LIST),
        **dict.fromkeys(_NOT_YET_CODES, _NOT_YET),
        10: "has expired: ask the {name}'s operator to renew it",
        18: (
            "is self-signed: install one that an authority signed on the {name}, or trust this one by "
            "{argument}=ssl.create_default_context(cafile=...)"
        ),
        19: (
            "was signed by an authority that this machine does not know: trust that authority by "
            "{argument}=ssl.create_default_context(cafile=...)"
        ),
        23: "was revoked: ask the {name}'s operator for a new one",
        26: "is not made for this use ({words}): ask the {name}'s operator for another",
        62: "is for another name: use the name in the certificate, or have the name added to it",
        64: "is for another address: use the name in the certificate, or have the address added to it",
        **dict.fromkeys((66, 67, 68), _TOO_WEAK),
        **dict.fromkeys(range(79, 95), _WRONGLY_MADE),  # what ssl.VERIFY_X509_STRICT checks
    }
)
_OTHER_CERTIFICATE = "is not accepted ({words}): ask the {name}'s operator for another"

_SPEAKS_PLAIN = "The {name} does not speak TLS on this port: use {plain}: or another port"
_NO_COMMON_VERSION = "This side and the {name} have no version of TLS in common: update the older one"
_NO_COMMON_CIPHER = (
    "The {name} refuses every cipher that this side offers, or wants a certificate of it: "
    "look at the {name}'s settings and the context given as {argument}"
)
_WANTS_CERTIFICATE = (
    "The {name} wants a certificate of this side: load one into the context given as {argument}"
)
_REFUSES_CERTIFICATE = (
    "The {name} refuses this side's certificate: load one that it takes into the context given as {argument}"
)
_WEAK_KEYS = "The {name} offers only keys that are too weak for this machine's settings: have it updated"
_NO_PROTOCOL = (
    "The {name} takes none of the protocols that this side offers (ALPN): http/1.1 must be among "
    "those of the "
    "context given as {argument}"
)
_ENDED = "The {name} ended the connection without ending TLS"

# Names of OpenSSL's reasons; those of alerts, which the peer sent, without what precedes the name.
_REASONS = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "WRONG_VERSION_NUMBER",
                "PACKET_LENGTH_TOO_LONG",
                "RECORD_LAYER_FAILURE",
                "HTTP_REQUEST",
                "UNKNOWN_PROTOCOL",
            ),
            _SPEAKS_PLAIN,
        ),
        **dict.fromkeys(
            (
                "UNSUPPORTED_PROTOCOL",
                "NO_PROTOCOLS_AVAILABLE",
                "PROTOCOL_VERSION",
                "UNSUPPORTED_VERSION",
                "VERSION_TOO_LOW",
            ),
            _NO_COMMON_VERSION,
        ),
        **dict.fromkeys(
            ("HANDSHAKE_FAILURE", "INSUFFICIENT_SECURITY", "NO_SHARED_CIPHER"), _NO_COMMON_CIPHER
        ),
        **dict.fromkeys(
            ("CERTIFICATE_REQUIRED", "NO_CERTIFICATE", "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
            _WANTS_CERTIFICATE,
        ),
        **dict.fromkeys(
            ("BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_UNKNOWN", "ACCESS_DENIED"),
            _REFUSES_CERTIFICATE,
        ),
        **dict.fromkeys(
            ("DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"), _WEAK_KEYS
        ),
        "UNKNOWN_CA": (
            "The {name} does not know the authority of this side's certificate: have it trust that one"
        ),
        "CERTIFICATE_EXPIRED": (
            "The {name} says that this side's certificate has expired: load a new one into the context "
            "given as {argument}"
        ),
        "CERTIFICATE_REVOKED": (
            "The {name} says that this side's certificate was revoked: load a new one into the context "
            "given as {argument}"
        ),
        "UNRECOGNIZED_NAME": "The {name} does not know the name by which it was called: check the host "
        "in the URL",
        "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": (
            "The {name} knows only TLS's old renegotiation, which is unsafe and refused on this side: "
            "have it updated"
        ),
        "NO_APPLICATION_PROTOCOL": _NO_PROTOCOL,
        "UNEXPECTED_EOF_WHILE_READING": _ENDED,
        "INTERNAL_ERROR": "The {name} failed by an error of its own: try again later",
    }
)
_MENDS_ITSELF = frozenset(("INTERNAL_ERROR", "UNEXPECTED_EOF_WHILE_READING"))
_OTHER = (
    "TLS with the {name} failed ({words}): one of the two sides, or a device between them, does not "
    "keep to the protocol"
)

_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?")
_OPENSSL_FRAME = re.compile(r"^\[[A-Z0-9_: ]*\]\s*|\s*\(_ssl\.c:\d+\)$")

_TLS_ALERT = b"\x15\x03"


def explain_tls(error: Exception, peer: Peer = SERVER, ssl_context: ssl.SSLContext | None = None) -> str:
    """Return what a failure of TLS means; for another error, its own words.

    Args:
        error: The failure.
        peer: The other end of TLS.
        ssl_context: This side's, if its authorities may be the reason.
    """
    if not isinstance(error, ssl.SSLError):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", 0)
        words = getattr(error, "verify_message", "") or _words(error)
        meaning = _CERTIFICATES.get(code, _OTHER_CERTIFICATE)
        if code in _ISSUER_CODES and ssl_context is not None and not _knows_authorities(ssl_context):
            meaning = _NO_AUTHORITIES
        sentence = f"The {{name}}'s certificate {meaning}"
    else:
        reason = _reason(error)
        ended = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        sentence = _ENDED if ended else _REASONS.get(reason, _OTHER)
        words = reason.replace("_", " ").lower() or _words(error)
    return sentence.format(**peer._asdict(), words=words)


def needs_a_change(error: object) -> bool:
    """Tell whether a failure of TLS lasts until the program, its settings or the server's are changed.

    That is so for every cause that has a sentence of its own, but for a certificate that is not valid yet and
    for an error of the peer's own.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return getattr(error, "verify_code", 0) not in _NOT_YET_CODES
    if not isinstance(error, ssl.SSLError):
        return False
    reason = _reason(error)
    return reason in _REASONS and reason not in _MENDS_ITSELF


def speaks_tls(data: bytes) -> bool:
    """Tell whether an answer to plain HTTP is a TLS server's alert (RFC 8446, 6)."""
    return data.startswith(_TLS_ALERT)


def _reason(error: ssl.SSLError) -> str:
    """Return OpenSSL's name of a reason, for an alert without its prefix; empty if it has no reason.

    Where Python does not know the name, as of newer alerts, the words tell it.
    """
    named = getattr(error, "reason", None)
    if named is None and getattr(error, "library", None) is not None:
        named = _words(error).upper().replace(" ", "_")
    return _ALERT.sub("", named or "", count=1)


def _words(error: ssl.SSLError) -> str:
    """Return what an error says, without the frame that OpenSSL and Python put around it."""
    said = str(error.args[-1]) if error.args else ""
    while (bare := _OPENSSL_FRAME.sub("", said)) != said:
        said = bare
    return said.lower() or "for no stated reason"


def _knows_authorities(ssl_context: ssl.SSLContext) -> bool:
    """Tell whether a context has authorities, or may find some in a folder of the system's."""
    if ssl_context.cert_store_stats()["x509_ca"]:
        return True
    paths = ssl.get_default_verify_paths()
    try:
        return bool(paths.cafile or (paths.capath and os.listdir(paths.capath)))
    except OSError:
        return False
