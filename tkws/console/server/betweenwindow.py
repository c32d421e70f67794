"""The window of a server between clients and another server."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from tkinter import ttk
from types import MappingProxyType
from typing import Any, Final

from tkws.console.client.target import Target
from tkws.console.look import Action, show_pane, theme_of
from tkws.console.server.between import Between, Passage, Way
from tkws.console.server.heldpane import HeldPane
from tkws.console.server.listeningwindow import ListeningWindow
from tkws.console.watch.conditions import Line
from tkws.console.window import menus

_UPDATE_MS = 100
_MAX_DELAY = 60.0  # seconds
_PASSAGES = MappingProxyType({"Pass on": Passage.PASS, "Hold": Passage.HOLD, "Drop": Passage.DROP})
_WAYS = MappingProxyType({"To the server": Way.TO_SERVER, "To the clients": Way.TO_CLIENT})
_NOBODY = "Nobody is connected.\nLet your client connect to the address above; Ctrl+U copies it."
_CLEARED = "Nothing has passed since the table was cleared.\nThe box below sends to either side."


class BetweenWindow(ListeningWindow):
    """The contents of the window.

    Args:
        root: The window, empty.
        target: The server behind this one.
        options: The keyword arguments of `Between`.

    Raises:
        OSError: The port is in use.
    """

    def __init__(self, root: tk.Tk, target: Target, options: Mapping[str, Any]) -> None:
        self._stalled = self._refusing = False
        super().__init__(root, lambda: _CLEARED if self.between.names else _NOBODY)
        self.between: Final = Between(self.log, root, self._happened, target, **options)
        self.conversation.watch.watches.line = lambda: Line(bool(self.between.names))
        self.held: Final = HeldPane(self._panes, self.between, self._edit)
        self._build()
        self.open(f"{self.url} - {target.url} - tkws", (1080, 680), self._menus(), _UPDATE_MS)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.between.url

    @property
    def side(self) -> tk.Widget:
        """The list of the messages that are held."""
        return self.held

    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send what stands in the box to the chosen side; return whether it was sent to a connection."""
        if kind != "message":
            self.banner.show("Only messages can be sent from here.")
            return False
        if not self.between.send(payload, _WAYS[self._way.get()]):
            self.banner.show("Nobody is connected.")
            return False
        self.banner.hide()
        return True

    def set_passage(self, way: Way, passage: Passage) -> None:
        """Change the treatment of a direction."""
        self._passages[way].current(list(_PASSAGES.values()).index(passage))
        self.between.set_passage(way, passage)
        self.held.show()

    def toggle_stall(self) -> None:
        """Stop passing bytes on, as a network that is half gone does; the next time, resume."""
        self._stalled = not self._stalled
        if self._stalled:
            self.between.link.stall()
        else:
            self.between.link.flow()
        self._show_faults()

    def toggle_refusal(self) -> None:
        """Break all connections and refuse new ones; the next time, accept them again."""
        self._refusing = not self._refusing
        try:
            if self._refusing:
                self.between.link.down()
            else:
                self.between.link.up()
        except OSError as error:
            self._refusing = True
            self.banner.show(str(error.strerror or error))
        self._show_faults()

    def cut(self) -> None:
        """Reset all connections of the clients, which then have the close code 1006."""
        self.between.link.cut()

    def refresh(self) -> None:
        """Show the messages that are held."""
        self.held.show()

    def close_server(self) -> None:
        """Stop listening, and start to close all connections."""
        self.between.close()

    # ---- the layout

    def _build(self) -> None:
        px = theme_of(self).px
        gap = px(10)
        head = ttk.Frame(self.head, padding=(gap, gap, gap, 0))
        self.add_url(head)
        ttk.Label(head, text=f"→ {self.between.target.url}", style="Small.TLabel").pack(side="left")
        bar = ttk.Frame(self.head, padding=gap)
        self._passages: dict[Way, ttk.Combobox] = {}
        self._delays: dict[Way, ttk.Entry] = {}
        for words, way in _WAYS.items():
            self._add_controls(bar, words, way)
        self._refuse = ttk.Button(bar, style="Quiet.TButton", command=self.toggle_refusal, width=8)
        self._stall = ttk.Button(bar, style="Quiet.TButton", command=self.toggle_stall, width=8)
        cut = ttk.Button(bar, text="Cut", style="Quiet.TButton", command=self.cut, width=8)
        for button in (self._refuse, self._stall, cut):
            button.pack(side="right", padx=(px(6), 0))
        self._show_faults()
        self._way = ttk.Combobox(
            self, values=list(_WAYS), state="readonly", width=15, font=theme_of(self).body, height=len(_WAYS)
        )
        self._way.current(0)
        self._way.bind("<<ComboboxSelected>>", lambda _: self._way.selection_clear())
        head.pack(fill="x")
        bar.pack(fill="x")
        self.head.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.banner.place_at(row=1)
        self.banner.grid_configure(columnspan=2)
        self.banner.grid_remove()
        self._panes.grid(row=2, column=0, columnspan=2, sticky="nsew")
        self._panes.add(self.conversation, weight=1)
        show_pane(self._panes, self.held, True)
        self.conversation.show_detail(True)
        self._way.grid(row=3, column=0, sticky="nw", padx=(gap, 0), pady=(gap, px(4)))
        self.sendbox.grid(row=3, column=1, sticky="ew", padx=gap, pady=(gap, px(4)))
        self._counts.grid(row=4, column=0, columnspan=2, sticky="w", padx=gap, pady=(0, px(6)))
        self._done.grid(row=4, column=1, sticky="e", padx=gap, pady=(0, px(6)))
        self.rowconfigure(2, weight=1)
        self.columnconfigure(1, weight=1)

    def _add_controls(self, bar: ttk.Frame, words: str, way: Way) -> None:
        """Add the choice of a passage and the delay of a direction."""
        theme = theme_of(self)
        ttk.Label(bar, text=words).pack(side="left", padx=(0, theme.px(6)))
        passages = ttk.Combobox(bar, values=list(_PASSAGES), state="readonly", width=8, font=theme.body)
        passages.configure(height=len(_PASSAGES))
        passages.current(0)

        def choose(_: object) -> None:
            passages.selection_clear()
            self.set_passage(way, _PASSAGES[passages.get()])

        passages.bind("<<ComboboxSelected>>", choose)
        entry = ttk.Entry(bar, width=6, font=theme.body)
        entry.insert(0, "0 s")
        for event in ("<Return>", "<KP_Enter>", "<FocusOut>"):
            entry.bind(event, lambda _: self._set_delay(way))
        self._passages[way], self._delays[way] = passages, entry
        passages.pack(side="left")
        ttk.Label(bar, text="after").pack(side="left", padx=theme.px(6))
        entry.pack(side="left", padx=(0, theme.px(18)))

    def _set_delay(self, way: Way) -> None:
        """Take over a delay that was typed, such as ``0.5`` or ``0.5 s``."""
        entry = self._delays[way]
        try:
            seconds = float(entry.get().strip().removesuffix("s"))
        except ValueError:
            seconds = -1.0
        if 0 <= seconds <= _MAX_DELAY:
            self.between.delay[way] = seconds
        else:
            self.banner.show(f"A delay is a number of seconds from 0 to {_MAX_DELAY:g}.")
        entry.delete(0, "end")
        entry.insert(0, f"{self.between.delay[way]:g} s")

    def _show_faults(self) -> None:
        self._stall.configure(text="Flow" if self._stalled else "Stall")
        self._refuse.configure(text="Accept" if self._refusing else "Refuse")

    def _menus(self) -> dict[str, menus.Menu]:
        def holds() -> bool:
            return bool(self.between.held)

        return {
            "Server": [
                Action("Copy the address", self.copy_url, "u"),
                None,
                Action("Cut all connections", self.cut, "F6"),
                Action(lambda: "Let bytes flow" if self._stalled else "Stall", self.toggle_stall, "F4"),
                Action(lambda: "Accept clients" if self._refusing else "Refuse clients", self.toggle_refusal),
                None,
                *menus.file_menu(self.files, self.conversation, self.close),
            ],
            "Held": [
                Action("Pass on", self.held.pass_on, "F8", possible=holds),
                Action("Edit", self.held.edit, "F9", possible=holds),
                Action("Drop", self.held.drop, "Delete", possible=holds),
            ],
            "Edit": menus.edit_menu(self.conversation),
            "View": [
                *menus.follow_menu(self.conversation),
                *menus.live_menu(self.conversation),
                Action("Go to the message box", self.sendbox.text.focus_set, "e"),
                None,
                menus.pane_action("the held messages", self.held, self.toggle_side, "F2"),
                *menus.look_menu(self, self.toggle_theme),
            ],
        }

    # ---- events

    def _happened(self, name: str, type: str, message: Any) -> None:
        self.conversation.refresh_soon()

    def _edit(self, way: Way, message: str | bytes) -> None:
        """Put a held message into the box, to be sent changed."""
        self._way.current(list(_WAYS.values()).index(way))
        if not self.sendbox.put_payload(message):
            self.banner.show("The message is too large to be edited.")
