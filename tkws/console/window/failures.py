"""The banner that tells what went wrong with a connection, and what its buttons do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import tkws
from tkws.console.client.advice import Remedy, advise, advise_on_input, changed_by, place_of
from tkws.console.client.certificate import fingerprint_of, read_certificate
from tkws.console.client.pinning import UntrustedCertificate
from tkws.console.client.target import Target
from tkws.console.client.trust import fetch_certificate
from tkws.console.look.banner import Banner
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.trustdialog import TrustDialog


class Failures:
    """Shows failures and carries out the remedies.

    Args:
        banner: Where to show them.
        address: The address with its options, which a remedy changes or opens.
        connect: Called with the target when a remedy is to connect.
    """

    def __init__(self, banner: Banner, address: AddressBar, connect: Callable[[Target], object]) -> None:
        self._banner = banner
        self._address = address
        self._connect = connect
        self._probe: tkws.WebSocket | None = None  # asks for a certificate

    def show(self, error: Exception, target: Target | None) -> None:
        """Show why a connection was not opened.

        Args:
            error: The exception of the ``error`` or ``timeout`` event.
            target: The address that was to be connected to; None if that is unknown.
        """
        sentence, remedies = advise(error, target)
        if target is None:
            self._banner.show(sentence)
            return
        helps = [(remedy.value, partial(self._help, remedy, target, error)) for remedy in remedies]
        self._banner.show(sentence, helps)

    def show_input(self, error: Exception) -> None:
        """Show why the address or its options cannot be used."""
        sentence, remedies = advise_on_input(error)
        helps = [(remedy.value, partial(self._address.ask_for, remedy)) for remedy in remedies]
        self._banner.show(sentence, helps)

    def forget(self) -> None:
        """Drop the question for a certificate, since something else is being connected to."""
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def _help(self, remedy: Remedy, target: Target, error: Exception) -> None:
        changed = changed_by(remedy, target)
        if remedy is Remedy.TRUST:
            self._ask_for_trust(target, error)
        elif changed is None:
            self._address.ask_for(remedy)
        else:
            if remedy is Remedy.VERIFY:
                self._address.forget_certificate(target.url)
            self._connect(changed)

    def _ask_for_trust(self, target: Target, error: Exception) -> None:
        """Show the server's certificate, from the failure itself or from the server."""
        reason, _ = advise(error, target)
        cause = error.__cause__
        if isinstance(cause, UntrustedCertificate):
            self._show_certificate(target, reason, cause.certificate, "")
            return
        self.forget()
        done = partial(self._show_certificate, target, reason)
        self._probe = fetch_certificate(target, self._banner, done)

    def _show_certificate(self, target: Target, reason: str, der: bytes, fault: str) -> None:
        self._probe = None
        if not der:
            retry = (Remedy.TRY_AGAIN.value, partial(self._connect, target))
            self._banner.show(f"The certificate could not be read: {fault}", [retry])
            return
        trust = partial(self._trust, target, fingerprint_of(der))
        TrustDialog(self._banner, place_of(target), reason, read_certificate(der), trust)

    def _trust(self, target: Target, fingerprint: str, remember: bool) -> None:
        fault = self._address.trust_certificate(target.url, fingerprint, remember=remember)
        self._connect(replace(target, fingerprint=fingerprint))
        if fault:
            self._banner.show(fault)
