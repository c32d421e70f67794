"""The sheet that shows a certificate and asks whether it is the server's."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from tkinter import ttk

from tkws.console.client.certificate import Certificate
from tkws.console.look import Sheet, theme_of

_MAX_NAMES = 8
_CAUTION = (
    "Compare the fingerprint with the one that the server's operator has given you. "
    "If it is another one, somebody else answers in the server's place."
)


class TrustDialog(Sheet):
    """The sheet.

    Args:
        parent: A widget of the window that it belongs to.
        place: The host and port.
        reason: Why the certificate is not accepted.
        certificate: The certificate.
        on_trust: Called as ``on_trust(remember)`` if the user trusts the certificate.
    """

    def __init__(
        self,
        parent: tk.Misc,
        place: str,
        reason: str,
        certificate: Certificate,
        on_trust: Callable[[bool], object],
    ) -> None:
        super().__init__(parent, "Trust this certificate?")
        self._on_trust = on_trust
        self._remember = tk.BooleanVar(self, False)
        px, width = theme_of(self).px, theme_of(self).px(500)
        ttk.Label(self.body, text=f"Is this the certificate of {place}?", style="Title.TLabel").grid(
            columnspan=2, sticky="w"
        )
        ttk.Label(self.body, text=reason, style="Alarm.TLabel", wraplength=width).grid(
            columnspan=2, sticky="w", pady=(px(4), px(12))
        )
        for name, value in _facts(certificate):
            row = self.body.grid_size()[1]
            label = ttk.Label(self.body, text=name, style="Soft.TLabel")
            label.grid(row=row, column=0, sticky="nw", pady=px(3))
            ttk.Label(self.body, text=value, wraplength=px(380)).grid(
                row=row, column=1, sticky="w", padx=(px(16), 0), pady=px(3)
            )
        self.fingerprint: tk.Text = self._add_fingerprint(certificate)
        ttk.Label(self.body, text=_CAUTION, style="Soft.TLabel", wraplength=width, justify="left").grid(
            columnspan=2, sticky="w", pady=(px(10), px(6))
        )
        ttk.Checkbutton(self.body, text=f"Remember it for {place}", variable=self._remember).grid(
            columnspan=2, sticky="w"
        )
        self.trust: ttk.Button = self._add_buttons()

    def _add_fingerprint(self, certificate: Certificate) -> tk.Text:
        theme = theme_of(self)
        row = self.body.grid_size()[1]
        label = ttk.Label(self.body, text="SHA-256", style="Soft.TLabel")
        label.grid(row=row, column=0, sticky="nw", pady=theme.px(8))
        text = tk.Text(self.body, width=48, height=2, font=theme.mono, padx=theme.px(8), pady=theme.px(4))
        text.insert("1.0", in_pairs(certificate.fingerprint))
        text.configure(state="disabled")
        text.grid(row=row, column=1, sticky="w", padx=(theme.px(16), 0), pady=theme.px(3))
        theme.follow(text, partial(theme.paint_text, text))
        return text

    def _add_buttons(self) -> ttk.Button:
        cancel, trust = self.add_buttons("Trust", self._trust)
        for button in (cancel, trust):
            button.bind("<Return>", lambda event: event.widget.invoke())
        self.show(cancel)  # a hasty Return trusts no server
        return trust

    def _trust(self) -> None:
        remember = self._remember.get()
        self.close()
        self._on_trust(remember)


def in_pairs(fingerprint: str) -> str:
    """Return a fingerprint as other programs show it: pairs of digits, with colons, on two lines."""
    pairs = [fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)]
    return f"{':'.join(pairs[:16])}:\n{':'.join(pairs[16:])}"


def _facts(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what a certificate says, with the name of each fact."""
    names = ", ".join(certificate.names[:_MAX_NAMES]) or "none that can be read"
    more = len(certificate.names) - _MAX_NAMES
    issuer = certificate.issuer or "unknown"
    return [
        ("For", f"{names} and {more} more" if more > 0 else names),
        ("Issued to", certificate.subject or "unknown"),
        ("Issued by", "itself" if certificate.is_self_signed else issuer),
        ("Valid", _validity(certificate)),
    ]


def _validity(certificate: Certificate) -> str:
    first, last = certificate.not_before, certificate.not_after
    if first is None or last is None:
        return "unknown"
    now = datetime.now(UTC)
    note = " (expired)" if now > last else " (not valid yet)" if now < first else ""
    return f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}{note}"
