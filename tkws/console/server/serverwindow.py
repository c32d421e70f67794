"""The server's window: its connections and their messages."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from functools import partial
from tkinter import ttk
from types import MappingProxyType
from typing import Any, Final, Literal

import tkws
from tkws.console.look import Action, Placeholder, show_pane, theme_of
from tkws.console.server.listeningwindow import ListeningWindow
from tkws.console.server.playbar import PlayBar, play_menu
from tkws.console.server.refusals import Refusal
from tkws.console.server.serversession import Mode, ServerSession, peer_of
from tkws.console.watch.conditions import Line
from tkws.console.window import menus
from tkws.plurals import counted

_UPDATE_MS = 250
_MODES = MappingProxyType(
    {
        "Echo: back to the sender": Mode.ECHO,
        "Chat: to everybody else": Mode.CHAT,
        "Silent: no answers": Mode.SILENT,
        "Answers: as they were given": Mode.ANSWERS,
    }
)
_CLEARED = "Nothing has come since the table was cleared.\nThe box below sends to the clients."
_NO_CLIENTS = "Each client\nhas a row here."
_COLUMNS = MappingProxyType({"name": "", "peer": "From", "path": "Path", "in": "In", "out": "Out"})


class ServerWindow(ListeningWindow):
    """The contents of the window.

    Args:
        root: The window, empty.
        mode: The way to handle messages.
        options: The arguments of `ServerSession`.

    Raises:
        OSError: The server cannot listen on the address.
    """

    def __init__(self, root: tk.Tk | tk.Toplevel, mode: Mode, options: Mapping[str, Any]) -> None:
        super().__init__(root, self._placeholder)
        self.session: Final = ServerSession(self.log, mode, root, self._server_event, **options)
        self._build(mode)
        self.open(f"{self.url} - tkws server", (1000, 640), self._menus(), _UPDATE_MS)
        self.sendbox.text.focus_set()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.session.server.url

    @property
    def side(self) -> tk.Widget:
        """The list of the connections."""
        return self._side

    @property
    def selected(self) -> list[tkws.WebSocket]:
        """The connections that are selected in the list."""
        selection = set(self._list.selection())
        return [ws for ws, name in self.session.names.items() if name in selection]

    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send to the selected connections, or to all if none is selected; return whether any got it."""
        peers = self.selected or list(self.session.names)
        if not peers:
            self.banner.show("Nobody is connected.")
            return False
        if kind in ("ping", "pong"):
            for ws in peers:
                if ws.state is tkws.State.OPEN:
                    (ws.ping if kind == "ping" else ws.pong)(payload)
        elif self.selected:
            for ws in self.selected:
                self.session.send(payload, ws)
        else:
            self.session.send(payload)
        self.banner.hide()
        self.conversation.table.follow()
        return True

    def disconnect(self) -> None:
        """Close the selected connections."""
        for ws in self.selected:
            ws.close(1000, "Closed by the server")

    def refresh(self) -> None:
        """Show the connections, and how far a recording has been played."""
        self._show_connections()
        self.play.refresh()

    def close_server(self) -> None:
        """Stop listening, and start to close all connections."""
        self.session.close()

    def _server_event(self, name: str, type: str, message: Any) -> None:
        if self._destroyed:
            return
        self.conversation.refresh_soon()
        if type in ("connect", "disconnect"):
            self._show_connections()
        elif type == "refused":
            self._show_refusal(message)
        elif type == "play":
            self.play.refresh()

    def _show_refusal(self, refusal: Refusal) -> None:
        """Show who was refused, with a button that admits the next one if that is a matter of a name."""
        self.banner.show(str(self.log.rows[-1].payload))
        if name := refusal.origin or refusal.host:
            subject = f"A page of {name}" if refusal.origin else f"A request to the host {name}"
            self.banner.show(
                f"{subject} was refused.", [(f"Admit {name}", partial(self.session.admit, refusal))]
            )

    def _show_connections(self) -> None:
        names = self.session.names
        known = set(self._list.get_children())
        self._list.delete(*(known - set(names.values())))
        for ws, name in names.items():
            statistics = ws.statistics
            path = ws.request.target if ws.request is not None else "/"
            counts = f"{statistics.messages_received:,}", f"{statistics.messages_sent:,}"
            values = (name, peer_of(ws), path, *counts)
            if name in known:
                self._list.item(name, values=values)
            else:
                self._list.insert("", "end", iid=name, values=values)
        count = len(names)
        self._empty.show("" if count else _NO_CLIENTS)
        self._count.configure(text=counted(count, "connection"))
        recipients = ", ".join(self._list.selection())
        self._disconnect.state(["!disabled" if recipients else "disabled"])
        self._recipients.configure(text=f"The box below sends to {recipients or 'everybody'}.")

    def _menus(self) -> dict[str, menus.Menu]:
        return {
            "Server": [
                Action("Copy the address", self.copy_url, "u"),
                Action(
                    "Disconnect the selected clients",
                    self.disconnect,
                    "F6",
                    possible=lambda: bool(self.selected),
                ),
                None,
                *menus.file_menu(self.files, self.conversation, self.close),
            ],
            "Play": play_menu(self.play),
            "Edit": menus.edit_menu(self.conversation),
            "View": [
                *menus.follow_menu(self.conversation),
                *menus.live_menu(self.conversation),
                Action("Go to the connections", self._go_to_list, "l"),
                Action("Go to the message box", self.sendbox.text.focus_set, "e"),
                None,
                menus.pane_action("the connections", self._side, self.toggle_side, "F2"),
                *menus.look_menu(self, self.toggle_theme),
            ],
        }

    def _build(self, mode: Mode) -> None:
        px = theme_of(self).px
        gap = px(10)
        self.head.configure(padding=gap)
        head = ttk.Frame(self.head)
        self.add_url(head)
        modes = [words for words, each in _MODES.items() if each is not Mode.ANSWERS or mode is each]
        self._mode = ttk.Combobox(head, values=modes, state="readonly", width=24)
        self._mode.configure(font=theme_of(self).body, height=len(modes))
        self._mode.current(list(_MODES.values()).index(mode))
        self._mode.bind("<<ComboboxSelected>>", lambda _: self._mode_changed())
        self.conversation.watch.watches.line = lambda: Line(bool(self.session.names))
        self._side = self._build_side(self._panes)
        self._mode.pack(side="right", fill="y")
        self.play: PlayBar = PlayBar(self.head, self.session, lambda: self.selected, self.banner.show)
        head.pack(fill="x")
        self.head.grid(row=0, column=0, sticky="ew")
        self.banner.place_at(row=1)
        self._panes.grid(row=2, column=0, sticky="nsew")
        self._panes.add(self.conversation, weight=1)
        show_pane(self._panes, self._side, True)
        self.conversation.show_detail(True)
        self.sendbox.grid(row=3, column=0, sticky="ew", padx=gap, pady=(gap, px(4)))
        self._counts.grid(row=4, column=0, sticky="w", padx=gap, pady=(0, px(6)))
        self._done.grid(row=4, column=0, sticky="e", padx=gap, pady=(0, px(6)))
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)

    def _go_to_list(self) -> None:
        show_pane(self._panes, self._side, True)
        self._list.focus_set()

    def _build_side(self, parent: tk.Misc) -> ttk.Frame:
        px = theme_of(self).px
        side = ttk.Frame(parent, style="Side.TFrame", padding=px(12))
        self._count = ttk.Label(side, style="Side.TLabel")
        self._list = ttk.Treeview(side, columns=list(_COLUMNS), show="headings", selectmode="extended")
        self._empty = Placeholder(self._list)
        widths = {"name": 40, "peer": 130, "path": 70, "in": 56, "out": 56}
        for name, heading in _COLUMNS.items():
            anchor: Literal["e", "w"] = "e" if name in ("in", "out") else "w"
            self._list.heading(name, text=heading, anchor=anchor)
            self._list.column(name, width=px(widths[name]), anchor=anchor, stretch=name == "path")
        self._list.bind("<<TreeviewSelect>>", lambda _: self._show_connections())
        self._list.bind("<Escape>", lambda _: self._list.selection_set(()))
        self._recipients = ttk.Label(side, style="Status.TLabel")
        self._disconnect = close = ttk.Button(
            side, text="Disconnect", style="Side.Quiet.TButton", command=self.disconnect
        )
        self._count.pack(anchor="w", pady=(0, px(8)))
        close.pack(side="bottom", anchor="w", pady=(px(8), 0))
        self._recipients.pack(side="bottom", anchor="w", pady=(px(8), 0))
        self._list.pack(fill="both", expand=True)
        return side

    def _mode_changed(self) -> None:
        self._mode.selection_clear()
        self.session.mode = _MODES[self._mode.get()]

    def _placeholder(self) -> str:
        """Return what is true of a table without rows, and the next step."""
        if self.session.names:
            return _CLEARED
        return f"Nobody is connected.\nTo start a client: python -m tkws {self.url}"
