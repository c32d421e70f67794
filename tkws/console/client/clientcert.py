"""The certificate by which a client proves who it is: a PEM file, and a key that a password may lock."""

from __future__ import annotations

import os
import ssl

from tkws.errors import WebSocketError


class KeyLocked(WebSocketError, ValueError):
    """The key needs a password.

    Attributes:
        path: The file of the key.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path: str = path


def load_client_certificate(context: ssl.SSLContext, cert_file: str, key_file: str, password: str) -> None:
    """Add a client's certificate to a context; a no-op without one.

    Args:
        context: The context.
        cert_file: The PEM file of the certificate, maybe with those that signed it; empty for none.
        key_file: The PEM file of the key; empty if it is in the same file.
        password: The password of the key; empty without one.

    Raises:
        KeyLocked: The key needs a password, or another one.
        ValueError: A file is missing or has no such contents, or the key belongs to another certificate.
    """
    if not cert_file:
        if key_file:
            raise ValueError("Client key: choose the certificate that it belongs to, too")
        return
    for path in filter(None, (cert_file, key_file)):
        if not os.path.isfile(path):
            raise ValueError(f"Client certificate: there is no file {path}")
    locked = key_file or cert_file
    asked: list[str] = []

    def tell_password() -> str:
        if not password:
            raise KeyLocked(locked, f"The key in {os.path.basename(locked)} needs a password")
        asked.append(password)
        return password

    try:
        context.load_cert_chain(cert_file, key_file or None, tell_password)
    except KeyLocked:
        raise
    except (OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"Client certificate: the key in {locked} belongs to another one") from error
        if asked:
            raise KeyLocked(locked, f"This is not the password of {os.path.basename(locked)}") from error
        raise ValueError(
            f"Client certificate: PEM files with a certificate and its key, not {cert_file}"
            f"{f' and {key_file}' if key_file else ''} ({error})"
        ) from error
