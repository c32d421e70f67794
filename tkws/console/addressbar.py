"""Where to connect to: the address with its history, and a panel with everything else that can be set.

Knows what is typed, and makes a `Target` of it; connects to nothing.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import filedialog, ttk

from tkws.console.detail import paint_text
from tkws.console.look import theme_of
from tkws.console.settings import Settings
from tkws.console.target import NO_PROXY, SYSTEM_PROXY, Target, complete, read_headers, read_protocols

_PROXIES = ("as the system says", "none")


class AddressBar(ttk.Frame):
    """The address, the button beside it, and the panel below.

    Args:
        parent: The widget that it is in.
        settings: The history; `Settings.recall` fills the panel when an address is chosen.
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
        self.address = ttk.Combobox(self, font=theme.body, values=settings.addresses)
        self.options = OptionsPanel(self)
        self.button = ttk.Button(self, text="Connect", command=pressed, width=11)
        self._toggle = ttk.Button(
            self, text="Options ▾", style="Quiet.TButton", command=self.toggle_options, width=10
        )
        gap = theme.px(8)
        self.address.grid(row=0, column=0, sticky="nsew")
        self.button.grid(row=0, column=1, padx=(gap, 0))
        self._toggle.grid(row=0, column=2, padx=(gap, 0))
        self.columnconfigure(0, weight=1)
        self.address.bind("<Return>", lambda _: entered())
        self.address.bind("<<ComboboxSelected>>", lambda _: self.show(settings.recall(self.address.get())))

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
        self._toggle.configure(text="Options ▴" if self.options_shown else "Options ▾")

    def show(self, target: Target) -> None:
        """Show a target."""
        self.address.set(target.url)
        self.options.show(target)

    def target(self) -> Target:
        """Return what is typed.

        Raises:
            ValueError: Something of it makes no sense.
        """
        url = complete(self.address.get())
        if not url:
            raise ValueError("Type an address first, such as ws://127.0.0.1:8765/")
        return self.options.target(url)

    def update_history(self) -> None:
        """Offer the addresses that the settings have now."""
        self.address.configure(values=self._settings.addresses)


class OptionsPanel(ttk.Frame):
    """Subprotocols, headers, TLS and proxy."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._verify = tk.BooleanVar(self, True)
        self._reconnect = tk.BooleanVar(self, False)
        self._compression = tk.BooleanVar(self, True)
        self.protocols = ttk.Entry(self, font=theme.body)
        self.headers = tk.Text(self, height=3, width=30, font=theme.mono, wrap="none")
        self.ca_file = ttk.Entry(self, font=theme.body)
        self.proxy = ttk.Combobox(self, font=theme.body, values=_PROXIES)
        self.ping_interval = ttk.Entry(self, font=theme.body, width=6)
        self.headers.bind("<Tab>", self._leave_headers)
        theme.follow(self.headers, partial(paint_text, self.headers))
        self.headers.configure(padx=theme.px(8), pady=theme.px(4))
        self._lay_out()
        self.show(Target(url=""))

    def show(self, target: Target) -> None:
        """Show the settings of a target."""
        proxy = {SYSTEM_PROXY: _PROXIES[0], NO_PROXY: _PROXIES[1]}.get(target.proxy, target.proxy)
        for entry, text in (
            (self.protocols, ", ".join(target.protocols)),
            (self.ca_file, target.ca_file),
            (self.ping_interval, f"{target.ping_interval:g}"),
        ):
            entry.delete(0, "end")
            entry.insert(0, text)
        self.proxy.set(proxy)
        self.headers.delete("1.0", "end")
        self.headers.insert("1.0", "\n".join(f"{name}: {value}" for name, value in target.headers))
        self._verify.set(target.verify)
        self._reconnect.set(target.reconnect)
        self._compression.set(target.compression)
        self._warn()

    def target(self, url: str) -> Target:
        """Return the target of ``url`` with what is set here.

        Raises:
            ValueError: A header or the ping's interval makes no sense.
        """
        try:
            interval = float(self.ping_interval.get() or 0)
        except ValueError:
            interval = -1.0
        if not 0 <= interval < float("inf"):
            raise ValueError(f"Ping: seconds are wanted, 0 for never, not {self.ping_interval.get()!r}")
        proxy = self.proxy.get().strip()
        return Target(
            url=url,
            protocols=read_protocols(self.protocols.get()),
            headers=read_headers(self.headers.get("1.0", "end")),
            ca_file=self.ca_file.get().strip(),
            verify=self._verify.get(),
            proxy={_PROXIES[0]: SYSTEM_PROXY, "": SYSTEM_PROXY, _PROXIES[1]: NO_PROXY}.get(proxy, proxy),
            reconnect=self._reconnect.get(),
            compression=self._compression.get(),
            ping_interval=interval,
        )

    def _lay_out(self) -> None:
        px = theme_of(self).px
        browse = ttk.Button(self, text="Browse…", style="Quiet.TButton", command=self._browse)
        self._warning = ttk.Label(self, style="Bad.TLabel", padding=(px(8), px(4)))
        rows: list[tuple[str, tk.Widget]] = [
            ("Subprotocols", self.protocols),
            ("Headers", self.headers),
            ("Authorities", self.ca_file),
            ("Proxy", self.proxy),
        ]
        for row, (label, widget) in enumerate(rows):
            ttk.Label(self, text=label, style="Soft.TLabel").grid(row=row, column=0, sticky="nw", pady=px(7))
            span = 1 if widget is self.ca_file else 2
            widget.grid(row=row, column=1, columnspan=span, sticky="ew", padx=(px(10), 0), pady=px(3))
        browse.grid(row=2, column=2, padx=(px(8), 0))
        boxes = ttk.Frame(self)
        boxes.grid(row=0, column=3, rowspan=4, sticky="nw", padx=(px(20), 0), pady=px(3))
        for text, variable, command in (
            ("Verify the server's certificate", self._verify, self._warn),
            ("Connect again when it is lost", self._reconnect, ""),
            ("Offer compression", self._compression, ""),
        ):
            box = ttk.Checkbutton(boxes, text=text, variable=variable, command=command)
            box.pack(anchor="w", pady=px(2))
        pings = ttk.Frame(boxes)
        pings.pack(anchor="w", pady=px(2))
        ttk.Label(pings, text="Ping every").pack(side="left")
        self.ping_interval.pack(in_=pings, side="left", padx=px(6))
        self.ping_interval.lift(pings)
        ttk.Label(pings, text="seconds (0: never)", style="Soft.TLabel").pack(side="left")
        self.columnconfigure(1, weight=1)

    def _warn(self) -> None:
        px = theme_of(self).px
        if self._verify.get():
            self._warning.grid_remove()
        else:
            self._warning.configure(
                text="Nothing is verified: whoever is on the way can read and change everything."
            )
            self._warning.grid(row=4, column=0, columnspan=4, sticky="ew", pady=(px(6), 0))

    def _browse(self) -> None:
        name = filedialog.askopenfilename(parent=self, title="A PEM file of certificate authorities")
        if name:
            self.ca_file.delete(0, "end")
            self.ca_file.insert(0, name)

    def _leave_headers(self, _event: tk.Event[tk.Misc]) -> str:
        """Tab leads on, as in every other field."""
        following = self.headers.tk_focusNext()
        if following is not None:
            following.focus_set()
        return "break"
