"""The address to connect to, with its history, and the options of its origin.

Turns the user's input into a `Target`; does not connect. The panel always has the options of the address's
origin: they change with it, whether the panel is open or not.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from tkws.console.client.advice import Remedy
from tkws.console.client.curl import looks_like_curl, read_curl
from tkws.console.client.target import Target, complete_url, origin_of
from tkws.console.client.trust import TrustedCertificates
from tkws.console.look import theme_of
from tkws.console.memory.settings import Settings
from tkws.console.window.options import Options, OptionsByOrigin
from tkws.console.window.optionspanel import OptionsPanel


class AddressBar(ttk.Frame):
    """The address field, the buttons beside it, and the panel below.

    Args:
        parent: The parent widget.
        settings: The history and the remembered options.
        on_return: Called when Return is pressed in the address field.
        on_button: Called when the button is pressed.
        trusted: The certificates that are trusted; None for those of this bar alone.

    Attributes:
        entry: The address field.
        button: The button, whose text the owner sets.
        options: The panel.
    """

    def __init__(
        self,
        parent: tk.Misc,
        settings: Settings,
        on_return: Callable[[], object],
        on_button: Callable[[], object],
        trusted: TrustedCertificates | None = None,
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._settings = settings
        self._trusted = trusted or TrustedCertificates(None)
        self._by_origin = OptionsByOrigin(settings)
        self._options_url = ""  # the address that the options in the panel belong to; empty at first
        self._text = tk.StringVar(self)
        self.entry: Final = ttk.Combobox(
            self, font=theme.body, values=settings.addresses, textvariable=self._text
        )
        self.button: Final = ttk.Button(self, text="Connect", command=on_button, width=11)
        self._toggle = ttk.Button(self, command=self.toggle_options, width=12)
        self.options: Final = OptionsPanel(self, self._update_toggle, self._forget_shown)
        gap = theme.px(8)
        self.entry.grid(row=0, column=0, sticky="nsew")
        self.button.grid(row=0, column=1, padx=(gap, 0))
        self._toggle.grid(row=0, column=2, padx=(gap, 0))
        self.columnconfigure(0, weight=1)
        self._text.trace_add("write", lambda *_: self._address_changed())
        self.entry.bind("<Return>", lambda _: on_return())
        self.entry.bind("<<Paste>>", lambda _: self._pasted())
        self.entry.bind("<FocusOut>", lambda _: self._focus_lost())
        self.entry.bind("<<ComboboxSelected>>", lambda _: self._address_chosen())
        self._update_toggle()

    @property
    def options_shown(self) -> bool:
        """Whether the panel is open."""
        return bool(self.options.grid_info())

    def focus_address(self) -> None:
        """Give the focus to the address field, and select the address."""
        self.entry.focus_set()
        self.entry.selection_range(0, "end")
        self.entry.icursor("end")

    def toggle_options(self) -> None:
        """Open or close the panel."""
        if self.options_shown:
            self.options.grid_remove()
        else:
            self.options.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(theme_of(self).px(8), 0))
            self.options.protocols.focus_set()
        self._update_toggle()

    def ask_for(self, remedy: Remedy) -> None:
        """Open the panel at the option that a remedy is about."""
        if not self.options_shown:
            self.toggle_options()
        fields: dict[Remedy, tk.Widget] = {
            Remedy.AUTHORITY: self.options.ca_file,
            Remedy.PROXY: self.options.proxy,
            Remedy.HEADERS: self.options.headers,
            Remedy.PROTOCOLS: self.options.protocols,
        }
        fields[remedy].focus_set()

    def show(self, target: Target) -> None:
        """Show the address and the options of a target."""
        self._switch_options(target.url, Options.from_target(target))
        self.entry.set(target.url)
        self._by_origin.keep(target.url, self.options.entered)

    def applied_to(self, target: Target) -> Target:
        """Return a target with the certificate that is trusted for its server."""
        return self._trusted.applied_to(target)

    def trust_certificate(self, url: str, fingerprint: str, *, remember: bool) -> str:
        """Trust a certificate for a URL's server; return why it cannot be remembered, or an empty text."""
        try:
            self._trusted.add(url, fingerprint, remember=remember)
        except OSError as error:
            return f"The certificate was not remembered: {error}"
        return ""

    def key_file(self, url: str) -> str:
        """Return the file with the client's key for an address; empty without one."""
        options = self._by_origin.get(url)
        return options.key_file or options.cert_file

    def forget_certificate(self, url: str | None) -> str:
        """Verify a URL's server as usual, or every one if ``url`` is None.

        Returns:
            Why that is not remembered, or an empty text.
        """
        if url is not None and origin_of(url) is None:
            return ""
        try:
            self._trusted.forget(url)
        except OSError as error:
            return f"The certificate is still remembered: {error}"
        finally:
            self._show_trusted()
        return ""

    def target(self) -> Target:
        """Return the target that has been entered.

        Raises:
            ValueError: The address, an option or a ``curl`` command is invalid.
        """
        if looks_like_curl(self.entry.get()):
            self.show(read_curl(self.entry.get()))
        url = complete_url(self.entry.get())
        if not url:
            raise ValueError("Type an address first, such as ws://127.0.0.1:8765/")
        self._assign_options()
        return self.options.entered.to_target(url)

    def update_history(self) -> None:
        """Offer the addresses in the settings."""
        self.entry.configure(values=self._settings.addresses)

    def forget_options(self, url: str | None) -> None:
        """Forget the options that were entered for an address, or for all if ``url`` is None.

        Those in the panel stay there for the address in the field.
        """
        self._by_origin.forget(url)
        self.update_history()

    def _pasted(self) -> str:
        """Read a ``curl`` command; leave anything else to the field."""
        try:
            target = read_curl(self.clipboard_get())
        except (ValueError, tk.TclError):
            return ""
        self.show(target)
        return "break"

    def _address_changed(self) -> None:
        """Show the options of the present address, unless options were entered before any address."""
        url = complete_url(self.entry.get())
        origin = origin_of(url)
        entered_first = not self._options_url and self.options.entered != Options()
        if origin is not None and origin != origin_of(self._options_url) and not entered_first:
            self._switch_options(url, self._by_origin.get(url))

    def _focus_lost(self) -> None:
        if self.focus_displayof() is not None:  # the focus went to another widget, not to another program
            self._assign_options()

    def _assign_options(self) -> None:
        """Assign options that were entered before any address to the first one, now that it is complete."""
        url = complete_url(self.entry.get())
        if not self._options_url and origin_of(url) is not None:
            self._options_url = url

    def _address_chosen(self) -> None:
        url = self.entry.get()
        self._switch_options(url, self._by_origin.get(url))

    def _switch_options(self, url: str, options: Options) -> None:
        if self._options_url:
            self._by_origin.keep(self._options_url, self.options.entered)
        self._options_url = url
        self.options.show(options)
        self._show_trusted()

    def _forget_shown(self) -> None:
        self.forget_certificate(self._options_url)

    def _show_trusted(self) -> None:
        url = self._options_url
        self.options.show_trusted(self._trusted.get(url) if origin_of(url) is not None else "")

    def _update_toggle(self) -> None:
        """Show how many options are set, since the panel may be closed."""
        options = self.options.entered
        count = f" ({options.changed_count})" if options.changed_count else ""
        self._toggle.configure(
            text=f"Options{count} {'▴' if self.options_shown else '▾'}",
            style="Quiet.TButton" if options.verify else "Bad.Quiet.TButton",
        )
