"""A certificate as a person reads it: names, issuer, dates and fingerprint (RFC 5280).

Pure functions. Reads what is needed from the DER encoding, since `ssl` decodes only certificates that it has
verified. All of it comes from a peer: what is not well formed is left out, and names are made printable.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from tkws.errors import printable

_UTC_TIME = 0x17
_VERSION, _EXTENSIONS = 0xA0, 0xA3  # fields of a TBSCertificate with explicit tags
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87  # kinds of a GeneralName
_COMMON_NAME, _ORGANIZATION, _ALTERNATIVE_NAMES = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x1d\x11"
_ENCODINGS = MappingProxyType({0x14: "latin-1", 0x1C: "utf-32-be", 0x1E: "utf-16-be"})  # others are UTF-8


@dataclass(frozen=True, slots=True)
class Certificate:
    """The contents of a certificate; they may be untrue unless the certificate is trusted.

    Attributes:
        fingerprint: The SHA-256 digest of the certificate: 64 digits in upper case.
        names: The names and addresses that it is for.
        subject: The common name, or else the organization, that it was issued to; empty if it has none.
        issuer: The same of the authority that signed it.
        not_before: The first moment at which it is valid; None if that cannot be read.
        not_after: The last one.
        is_self_signed: Whether it names itself as its authority.
    """

    fingerprint: str
    names: tuple[str, ...] = ()
    subject: str = ""
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    is_self_signed: bool = False


class _Value(NamedTuple):
    """A value in DER: its tag and its contents."""

    tag: int
    contents: bytes


def fingerprint_of(der: bytes) -> str:
    """Return the SHA-256 digest of a certificate: 64 digits in upper case."""
    return hashlib.sha256(der).hexdigest().upper()


def read_certificate(der: bytes) -> Certificate:
    """Return what a certificate says; only its fingerprint if it is not well formed."""
    fingerprint = fingerprint_of(der)
    try:
        [certificate] = _values(der)
        fields = _values(next(_iterate(certificate.contents)).contents)
        if fields[0].tag == _VERSION:
            del fields[0]
        _serial, _algorithm, issuer, validity, subject, *rest = fields
        not_before, not_after = _values(validity.contents)
        names = tuple(_alternative_names(rest))
        common_name = _name(subject.contents)
        return Certificate(
            fingerprint,
            names or ((common_name,) if common_name else ()),
            common_name,
            _name(issuer.contents),
            _time(not_before),
            _time(not_after),
            issuer.contents == subject.contents,
        )
    except (ValueError, IndexError, StopIteration):
        return Certificate(fingerprint)


def _values(data: bytes) -> list[_Value]:
    return list(_iterate(data))


def _iterate(data: bytes) -> Iterator[_Value]:
    """Yield the values that stand one after another in DER; raises ValueError if they are cut off."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:  # this many bytes have the length
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("a value is cut off")
        yield _Value(tag, data[at : at + length])
        at += length


def _name(contents: bytes) -> str:
    """Return the common name in a Name, or else the organization."""
    found: dict[bytes, str] = {}
    for part in _iterate(contents):
        for attribute in _iterate(part.contents):
            kind, value = _values(attribute.contents)
            found[kind.contents] = _text(value)
    return found.get(_COMMON_NAME) or found.get(_ORGANIZATION, "")


def _alternative_names(fields: list[_Value]) -> Iterator[str]:
    """Yield the names and addresses in the extensions."""
    for field in fields:
        if field.tag != _EXTENSIONS:
            continue
        [extensions] = _values(field.contents)
        for extension in _iterate(extensions.contents):
            kind, *_critical, value = _values(extension.contents)
            if kind.contents == _ALTERNATIVE_NAMES:
                [names] = _values(value.contents)
                yield from _general_names(names.contents)


def _general_names(contents: bytes) -> Iterator[str]:
    for name in _iterate(contents):
        if name.tag == _DNS_NAME:
            yield printable(name.contents.decode("ascii", "backslashreplace"))
        elif name.tag == _IP_ADDRESS:
            yield str(ipaddress.ip_address(name.contents))


def _text(value: _Value) -> str:
    return printable(value.contents.decode(_ENCODINGS.get(value.tag, "utf-8"), "backslashreplace"))


def _time(value: _Value) -> datetime:
    text = value.contents.decode("ascii")
    if value.tag == _UTC_TIME:
        text = ("19" if text >= "50" else "20") + text  # RFC 5280, 4.1.2.5.1
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
