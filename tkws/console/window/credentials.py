"""The certificates, passwords and cookies that the console knows until the end of its run: forgets them."""

from __future__ import annotations

from tkws.console.client.session import Session
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.keypasswords import KeyPasswords


class Credentials:
    """The certificates that are trusted, the passwords of keys, and the cookies.

    Args:
        address: The address field, which knows the certificates.
        passwords: The passwords of keys.
        session: The session, which keeps the cookies.
    """

    def __init__(self, address: AddressBar, passwords: KeyPasswords, session: Session) -> None:
        self._address = address
        self._passwords = passwords
        self._session = session

    def forget(self, url: str | None) -> str:
        """Forget what belongs to the server of an address and to its key, or all if ``url`` is None.

        Returns:
            Why a certificate is still remembered, or an empty text.
        """
        self._passwords.forget(None if url is None else self._address.key_file(url))
        self._session.forget_cookies(url)
        return self._address.forget_certificate(url)
