"""The panel below the address: subprotocols, headers, TLS, proxy and further options.

Knows the options that have been entered, but not which address they belong to: see `addressbar`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import filedialog, ttk
from types import MappingProxyType
from typing import Any, Final

from tkws.console.look import theme_of
from tkws.console.window.options import PROXIES, Options

_TEXT_FIELDS = "protocols", "ca_file", "cert_file", "key_file", "proxy", "ping_interval"

_FILES = MappingProxyType(
    {
        "ca_file": "A PEM file with CA certificates",
        "cert_file": "A PEM file with the certificate of this client",
        "key_file": "A PEM file with its key",
    }
)
_SWITCHES = MappingProxyType(
    {
        "verify": "Verify the server's certificate",
        "reconnect": "Reconnect automatically",
        "compression": "Offer compression",
        "keep_cookies": "Keep the server's cookies",
    }
)


class OptionsPanel(ttk.Frame):
    """The fields of the options.

    Args:
        parent: The parent widget.
        on_change: Called after each change.
        on_forget: Called when the certificate that is trusted is to be forgotten.
    """

    def __init__(
        self, parent: tk.Misc, on_change: Callable[[], object], on_forget: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._on_change = on_change
        self._switches = {name: tk.BooleanVar(self) for name in _SWITCHES}
        self._texts = {name: tk.StringVar(self) for name in _TEXT_FIELDS}
        self.protocols: Final = ttk.Entry(self, font=theme.body, textvariable=self._texts["protocols"])
        self.headers: Final = self._make_box()
        self.ca_file: Final = ttk.Entry(self, font=theme.body, textvariable=self._texts["ca_file"])
        self.cert_file: Final = ttk.Entry(
            self, font=theme.body, width=8, textvariable=self._texts["cert_file"]
        )
        self.key_file: Final = ttk.Entry(self, font=theme.body, width=8, textvariable=self._texts["key_file"])
        self.proxy: Final = ttk.Combobox(
            self, font=theme.body, values=list(PROXIES.values()), textvariable=self._texts["proxy"]
        )
        self.ping_interval: Final = ttk.Entry(
            self, font=theme.body, width=6, textvariable=self._texts["ping_interval"]
        )
        self.greetings: Final = self._make_box()
        self.greetings.configure(height=2)
        self._trusted = self._make_trusted(on_forget)
        self._lay_out()
        self._set(Options())
        self._show_warning()
        for variable in (*self._texts.values(), *self._switches.values()):
            variable.trace_add("write", lambda *_: self._notify())

    @property
    def entered(self) -> Options:
        """The options that have been entered."""
        texts = {name: variable.get().strip() for name, variable in self._texts.items()}
        if not texts["proxy"]:
            del texts["proxy"]
        values: dict[str, Any] = {
            **texts,
            **{name: variable.get() for name, variable in self._switches.items()},
            "headers": self.headers.get("1.0", "end").strip(),
            "greetings": self.greetings.get("1.0", "end").strip(),
        }
        return Options(**values)

    def show(self, options: Options) -> None:
        """Set all fields."""
        self._set(options)
        self._notify()

    def show_trusted(self, fingerprint: str) -> None:
        """Show the fingerprint of the only certificate that is accepted; an empty text for none."""
        if fingerprint:
            self._trusted.grid(row=6, column=0, columnspan=4, sticky="ew", pady=(theme_of(self).px(6), 0))
            self._trusted_label.configure(text=f"Only this certificate is accepted: {fingerprint[:16]}…")
        else:
            self._trusted.grid_remove()

    def _make_trusted(self, on_forget: Callable[[], object]) -> ttk.Frame:
        """Make the line about a certificate that is trusted."""
        line = ttk.Frame(self)
        self._trusted_label = ttk.Label(line, style="Soft.TLabel")
        forget = ttk.Button(line, text="Forget", style="Quiet.TButton", command=on_forget)
        self._trusted_label.pack(side="left")
        forget.pack(side="left", padx=theme_of(self).px(10))
        return line

    def _set(self, options: Options) -> None:
        for name, variable in (*self._texts.items(), *self._switches.items()):
            variable.set(getattr(options, name))
        for box, text in (self.headers, options.headers), (self.greetings, options.greetings):
            box.delete("1.0", "end")
            box.insert("1.0", text)

    def _notify(self) -> None:
        self._show_warning()
        self._on_change()

    def _show_warning(self) -> None:
        if self._switches["verify"].get():
            self._warning.grid_remove()
        else:
            self._warning.grid()

    def _make_box(self) -> tk.Text:
        """Make a box for some lines."""
        theme = theme_of(self)
        box = tk.Text(self, height=3, width=30, font=theme.mono, wrap="none", undo=True)
        box.bind("<Tab>", lambda _: _leave(box))
        box.bind("<<Modified>>", lambda _: self._box_changed(box))
        box.configure(padx=theme.px(8), pady=theme.px(4))
        theme.follow(box, partial(theme.paint_text, box))
        return box

    def _box_changed(self, box: tk.Text) -> None:
        if box.edit_modified():
            box.edit_modified(False)
            self._notify()

    def _lay_out(self) -> None:
        px = theme_of(self).px
        rows: list[tuple[str, tk.Widget]] = [
            ("Subprotocols", self.protocols),
            ("Headers", self.headers),
            ("On connect", self.greetings),
            ("CA file", self.ca_file),
            ("Proxy", self.proxy),
        ]
        for row, (label, widget) in enumerate(rows):
            ttk.Label(self, text=label, style="Soft.TLabel").grid(row=row, column=0, sticky="nw", pady=px(7))
            span = 1 if widget is self.ca_file else 2
            widget.grid(row=row, column=1, columnspan=span, sticky="ew", padx=(px(10), 0), pady=px(3))
        self._browse_button(self, "ca_file").grid(row=3, column=2, padx=(px(8), 0))
        for row, label, widget, name in (
            (3, "Certificate", self.cert_file, "cert_file"),
            (4, "Its key", self.key_file, "key_file"),
        ):
            line = ttk.Frame(self)
            line.grid(row=row, column=3, sticky="ew", padx=(px(20), 0), pady=px(3))
            ttk.Label(line, text=label, style="Soft.TLabel", width=10).pack(side="left")
            self._browse_button(line, name).pack(side="right", padx=(px(8), 0))
            widget.pack(in_=line, side="left", fill="x", expand=True)
            widget.lift(line)
        boxes = ttk.Frame(self)
        boxes.grid(row=0, column=3, rowspan=3, sticky="nw", padx=(px(20), 0), pady=px(3))
        for name, text in _SWITCHES.items():
            ttk.Checkbutton(boxes, text=text, variable=self._switches[name]).pack(anchor="w", pady=px(2))
        pings = ttk.Frame(boxes)
        pings.pack(anchor="w", pady=px(2))
        ttk.Label(pings, text="Ping every").pack(side="left")
        self.ping_interval.pack(in_=pings, side="left", padx=px(6))
        self.ping_interval.lift(pings)
        ttk.Label(pings, text="seconds (0: never)", style="Soft.TLabel").pack(side="left")
        self.columnconfigure(1, weight=1)
        self._warning = ttk.Label(
            self,
            style="Bad.TLabel",
            padding=(px(8), px(4)),
            text="The server is not verified: anyone on the network path can read and change everything.",
        )
        self._warning.grid(row=5, column=0, columnspan=4, sticky="ew", pady=(px(6), 0))

    def _browse_button(self, parent: tk.Misc, name: str) -> ttk.Button:
        browse = partial(self._browse, name)
        return ttk.Button(parent, text="Browse…", style="Quiet.TButton", command=browse)

    def _browse(self, name: str) -> None:
        path = filedialog.askopenfilename(parent=self, title=_FILES[name])
        if path:
            self._texts[name].set(path)


def _leave(box: tk.Text) -> str:
    """Move on to the next widget, as Tab does in every other field."""
    following = box.tk_focusNext()
    if following is not None:
        following.focus_set()
    return "break"
