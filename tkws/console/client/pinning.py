"""TLS with a server that has to show one certain certificate, whatever it is signed by.

The certificate is looked at when the TLS handshake is complete, before anything else is sent.
"""

from __future__ import annotations

import ssl
from typing import Final

from tkws.console.client.certificate import fingerprint_of
from tkws.errors import WebSocketError

NO_FINGERPRINT = "0" * 64
"""The fingerprint of no certificate: the server's is refused, and can be read from the refusal."""


class UntrustedCertificate(WebSocketError, ssl.SSLCertVerificationError):
    """The server has shown another certificate than the one that is trusted.

    Attributes:
        certificate: The certificate in DER.
    """

    def __init__(self, certificate: bytes) -> None:
        super().__init__("not the certificate that is trusted")
        self.certificate: Final = certificate


class PinningContext(ssl.SSLContext):
    """A client's context that accepts the certificate with `fingerprint` and no other.

    Attributes:
        fingerprint: The `tkws.console.client.certificate.Certificate.fingerprint`.
    """

    fingerprint: str = NO_FINGERPRINT

    @classmethod
    def trusting(cls, fingerprint: str) -> PinningContext:
        """Return a context for a fingerprint."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the fingerprint says more than any signature
        context.set_alpn_protocols(["http/1.1"])
        context.sslobject_class = _PinnedObject
        context.fingerprint = fingerprint
        return context


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        shown = self.getpeercert(binary_form=True) or b""
        assert isinstance(self.context, PinningContext)
        if fingerprint_of(shown) != self.context.fingerprint:
            raise UntrustedCertificate(shown)
