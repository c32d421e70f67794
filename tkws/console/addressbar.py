"""Where to connect to: the address with its history, and the options of its origin.

Knows what is typed, and makes a `Target` of it; connects to nothing. The options that the panel
shows are always those of the address's origin: they change with it, whether the panel is open or not.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from tkws.console.look import theme_of
from tkws.console.options import Options, OptionsByOrigin
from tkws.console.optionspanel import OptionsPanel
from tkws.console.settings import Settings
from tkws.console.target import Target, complete, origin_of


class AddressBar(ttk.Frame):
    """The address, the button beside it, and the panel below.

    Args:
        parent: The widget that it is in.
        settings: The history, and the options that are remembered.
        entered: Called when Return is pressed in the address.
        pressed: Called when the button is.
    """

    def __init__(
        self,
        parent: tk.Misc,
        settings: Settings,
        entered: Callable[[], object],
        pressed: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._settings = settings
        self._by_origin = OptionsByOrigin(settings)
        self._owner = ""  # the address that the options in the panel are for; empty before the first
        self._typed = tk.StringVar(self)
        self.address = ttk.Combobox(
            self, font=theme.body, values=settings.addresses, textvariable=self._typed
        )
        self.button = ttk.Button(self, text="Connect", command=pressed, width=11)
        self._toggle = ttk.Button(self, command=self.toggle_options, width=12)
        self.options = OptionsPanel(self, self._show_toggle)
        gap = theme.px(8)
        self.address.grid(row=0, column=0, sticky="nsew")
        self.button.grid(row=0, column=1, padx=(gap, 0))
        self._toggle.grid(row=0, column=2, padx=(gap, 0))
        self.columnconfigure(0, weight=1)
        self._typed.trace_add("write", lambda *_: self._address_changed())
        self.address.bind("<Return>", lambda _: entered())
        self.address.bind("<FocusOut>", lambda _: self._left())
        self.address.bind("<<ComboboxSelected>>", lambda _: self._chosen())
        self._show_toggle()

    @property
    def options_shown(self) -> bool:
        """Whether the panel is open."""
        return bool(self.options.grid_info())

    def toggle_options(self) -> None:
        """Open the panel, or close it."""
        if self.options_shown:
            self.options.grid_remove()
        else:
            self.options.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(theme_of(self).px(8), 0))
            self.options.protocols.focus_set()
        self._show_toggle()

    def show(self, target: Target) -> None:
        """Show a target."""
        self._change_owner(target.url, Options.of(target))
        self.address.set(target.url)
        self._by_origin.keep(target.url, self.options.typed)

    def target(self) -> Target:
        """Return what is typed.

        Raises:
            ValueError: Something of it makes no sense.
        """
        url = complete(self.address.get())
        if not url:
            raise ValueError("Type an address first, such as ws://127.0.0.1:8765/")
        self._settle()
        return self.options.typed.target(url)

    def update_history(self) -> None:
        """Offer the addresses that the settings have now."""
        self.address.configure(values=self._settings.addresses)

    def _address_changed(self) -> None:
        """Show the options of the address as it is now, unless they were typed before any address."""
        url = complete(self.address.get())
        origin = origin_of(url)
        unowned = not self._owner and self.options.typed != Options()
        if origin is not None and origin != origin_of(self._owner) and not unowned:
            self._change_owner(url, self._by_origin.of(url))

    def _left(self) -> None:
        if self.focus_displayof() is not None:  # for another widget, not for another program
            self._settle()

    def _settle(self) -> None:
        """Give what was typed before any address to the first one, now that it is typed to its end."""
        url = complete(self.address.get())
        if not self._owner and origin_of(url) is not None:
            self._owner = url

    def _chosen(self) -> None:
        url = self.address.get()
        self._change_owner(url, self._by_origin.of(url))

    def _change_owner(self, url: str, options: Options) -> None:
        if self._owner:
            self._by_origin.keep(self._owner, self.options.typed)
        self._owner = url
        self.options.show(options)

    def _show_toggle(self) -> None:
        """Say how many options are set: the panel may be closed."""
        typed = self.options.typed
        count = f" ({typed.changed})" if typed.changed else ""
        self._toggle.configure(
            text=f"Options{count} {'▴' if self.options_shown else '▾'}",
            style="Quiet.TButton" if typed.verify else "Bad.Quiet.TButton",
        )
