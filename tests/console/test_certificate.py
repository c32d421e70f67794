"""What a certificate says, read from its encoding, well formed or not."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tkws.console.client.certificate import Certificate, read_certificate


def made(
    subject: list[x509.NameAttribute[str]],
    names: list[x509.GeneralName],
    last: datetime = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC),
) -> bytes:
    """Return a self-signed certificate in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(subject)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(7).not_valid_before(datetime(1999, 12, 31, tzinfo=UTC)).not_valid_after(last)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def common_name(text: str) -> list[x509.NameAttribute[str]]:
    return [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Works"),
        x509.NameAttribute(NameOID.COMMON_NAME, text),
    ]


def test_names_dates_and_fingerprint() -> None:
    names = [x509.DNSName("a.example"), x509.IPAddress(ipaddress.ip_address("::1")), x509.RFC822Name("x@y")]
    der = made(common_name("Zähler 7"), names)
    assert read_certificate(der) == Certificate(
        hashlib.sha256(der).hexdigest().upper(),
        ("a.example", "::1"),
        "Zähler 7",
        "Zähler 7",
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC),
        is_self_signed=True,
    )


def test_without_alternative_names_the_common_name_counts() -> None:
    read = read_certificate(made(common_name("old.example"), [], datetime(2055, 1, 1, tzinfo=UTC)))
    assert read.names == ("old.example",)
    assert read.not_after == datetime(2055, 1, 1, tzinfo=UTC), "this one is written with four digits"


def test_another_authority(certificate: trustme.LeafCert) -> None:
    read = read_certificate(ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode()))
    assert (read.names, read.is_self_signed) == (("localhost", "127.0.0.1", "::1"), False)
    assert read.issuer.startswith("trustme"), "the organization, since there is no common name"


def test_what_cannot_be_seen_is_escaped() -> None:
    read = read_certificate(made(common_name("good.example\u202e\x1b[1m"), []))
    assert read.subject == "good.example\\u202e\\x1b[1m"


def test_what_is_not_well_formed_has_a_fingerprint_all_the_same() -> None:
    whole = made(common_name("a.example"), [x509.DNSName("a.example")])
    for end in range(0, len(whole), 7):
        cut = whole[:end]
        assert read_certificate(cut) == Certificate(hashlib.sha256(cut).hexdigest().upper())
    for at in range(len(whole)):  # whatever it says then, it is read
        changed = bytes([*whole[:at], whole[at] ^ 0xFF, *whole[at + 1 :]])
        assert read_certificate(changed).fingerprint == hashlib.sha256(changed).hexdigest().upper()


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80", b"\x30\xff\x01", b"0\x84\xff\xff\xff\xff", b"0\0" * 3]
)
def test_what_is_no_certificate(data: bytes) -> None:
    assert read_certificate(data) == Certificate(hashlib.sha256(data).hexdigest().upper())
