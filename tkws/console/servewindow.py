"""The server's window: its connections, and what they say."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from pathlib import Path
from tkinter import ttk
from typing import Any, Literal

import tkws
from tkws.console import settings as storage
from tkws.console.banner import Banner
from tkws.console.conversation import Conversation
from tkws.console.keys import edit_menu, follow_menu
from tkws.console.log import Log
from tkws.console.look import Action, add_menu_bar, theme_of
from tkws.console.sendbox import SendBox
from tkws.console.serving import Mode, Serving, peer_of
from tkws.console.status import Status
from tkws.errors import printable

_LIST_MS = 250
_MODES = {"Echo: back to who said it": Mode.ECHO, "Chat: to everybody else": Mode.CHAT}
_HINT = "Nobody has connected yet.\nA client is one command away: python -m tkws"
_ROOM = 840, 520  # width and height, at 96 dpi, that the panes beside and below the table need
_COLUMNS = {"name": "", "peer": "From", "path": "Path", "in": "In", "out": "Out"}


class ServerWindow(ttk.Frame):
    """All that is in the window.

    Args:
        root: The window, empty.
        mode: What is done with messages.
        options: The arguments of `Serving`.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(self, root: tk.Tk, mode: Mode, options: Mapping[str, Any]) -> None:
        super().__init__(root)
        theme = theme_of(root)
        self.root = root
        self.log = Log()
        self._timer = ""
        self._gone = False
        self.serving = Serving(self.log, mode, root, self._told, **options)
        self._build(mode)
        add_menu_bar(root, self._menus())
        root.title(f"{self.serving.server.url} - tkws server")
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.geometry(theme.size(1000, 640))
        root.minsize(theme.px(480), theme.px(320))
        self.pack(fill="both", expand=True)
        self.sendbox.text.focus_set()
        self._tick()

    @property
    def chosen(self) -> list[tkws.WebSocket]:
        """The connections that are selected in the list."""
        wanted = set(self._list.selection())
        return [ws for ws, name in self.serving.names.items() if name in wanted]

    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send to the connections that are selected, or to all."""
        peers = self.chosen or list(self.serving.names)
        if not peers:
            self.banner.show("Nobody is connected.")
            return False
        if kind == "ping":
            for ws in peers:
                if ws.state is tkws.State.OPEN:
                    ws.ping(payload)
        elif self.chosen:
            for ws in self.chosen:
                self.serving.send(payload, ws)
        else:
            self.serving.send(payload)
        self.banner.hide()
        self.conversation.table.follow()
        return True

    def disconnect(self) -> None:
        """Close the connections that are selected."""
        for ws in self.chosen:
            ws.close(1000, "Closed by the server")

    def copy_url(self) -> None:
        """Copy the server's address."""
        self.clipboard_clear()
        self.clipboard_append(self.serving.server.url)

    def toggle_theme(self) -> None:
        """Be dark, or light."""
        theme = theme_of(self)
        theme.use("light" if theme.is_dark else "dark")

    def toggle_side(self) -> None:
        """Show the connections, or not, until the window's size changes."""
        self._show_side(not self._side.winfo_manager())

    def close(self) -> None:
        """Close every connection, and end."""
        self.serving.close()
        self.root.after(0, self.root.destroy)  # so that the Closes still leave

    def destroy(self) -> None:
        """Go, and leave no timer."""
        self._gone = True
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _told(self, name: str, type: str, message: Any) -> None:
        if self._gone:
            return
        self.conversation.refresh_soon()
        if type in ("connect", "disconnect"):
            self._show_connections()

    def _tick(self) -> None:
        self._show_connections()
        self._timer = self.after(_LIST_MS, self._tick)

    def _show_connections(self) -> None:
        names = self.serving.names
        known = set(self._list.get_children())
        self._list.delete(*(known - set(names.values())))
        for ws, name in names.items():
            figures = ws.statistics
            path = ws.request.target if ws.request is not None else "/"
            counts = f"{figures.messages_received:,}", f"{figures.messages_sent:,}"
            values = (name, peer_of(ws), path, *counts)
            if name in known:
                self._list.item(name, values=values)
            else:
                self._list.insert("", "end", iid=name, values=values)
        count = len(names)
        self._count.configure(text=f"{count} connection{'' if count == 1 else 's'}")
        to = ", ".join(self._list.selection())
        self._to.configure(text=f"The box below sends to {to or 'everybody'}.")

    def _menus(self) -> dict[str, list[Action | None]]:
        talk = self.conversation
        return {
            "Server": [
                Action("Copy the address", self.copy_url, "u"),
                Action("Disconnect who is selected", self.disconnect, "F6"),
                None,
                Action("Quit", self.close, "q"),
            ],
            "Edit": edit_menu(talk),
            "View": [
                *follow_menu(talk),
                Action("Go to the connections", self._go_to_list, "l"),
                Action("Go to the box", self.sendbox.text.focus_set, "e"),
                None,
                Action(self._side_label, self.toggle_side, "F2"),
                Action(lambda: "Light" if theme_of(self).is_dark else "Dark", self.toggle_theme, "d"),
            ],
        }

    def _build(self, mode: Mode) -> None:
        px = theme_of(self).px
        gap = px(10)
        head = ttk.Frame(self, padding=gap)
        url = ttk.Label(head, text=self.serving.server.url, style="Title.TLabel")
        copy = ttk.Button(head, text="Copy", style="Quiet.TButton", command=self.copy_url, width=6)
        self._mode = ttk.Combobox(head, values=list(_MODES), state="readonly", width=24)
        self._mode.configure(font=theme_of(self).body, height=len(_MODES))
        self._mode.current(list(_MODES.values()).index(mode))
        self._mode.bind("<<ComboboxSelected>>", lambda _: self._mode_chosen())
        self.banner = Banner(self)
        self._across = across = ttk.PanedWindow(self, orient="horizontal")
        self.conversation = Conversation(across, self.log, self._show_counts, hint=_HINT, with_peers=True)
        self._side = self._build_side(across)
        self.sendbox = SendBox(self, self.send, None, self.banner.show)
        self.sendbox.enable(True)
        self._counts = ttk.Label(self, style="Small.TLabel")
        url.pack(side="left")
        copy.pack(side="left", padx=gap)
        self._mode.pack(side="right", fill="y")
        head.grid(row=0, column=0, sticky="ew")
        self.banner.place_at(row=1)
        across.grid(row=2, column=0, sticky="nsew")
        across.add(self.conversation, weight=1)
        self._show_side(True)
        self.conversation.show_detail(True)
        self.sendbox.grid(row=3, column=0, sticky="ew", padx=gap, pady=(gap, px(4)))
        self._counts.grid(row=4, column=0, sticky="w", padx=gap, pady=(0, px(6)))
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)

        self.bind("<Configure>", self._resized)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """The panes beside and below the table give way where there is no room for them."""
        px = theme_of(self).px
        self._show_side(event.width >= px(_ROOM[0]))
        self.conversation.show_detail(event.height >= px(_ROOM[1]))

    def _show_side(self, shown: bool) -> None:
        if shown and not self._side.winfo_manager():
            self._across.add(self._side, weight=0)
        elif not shown and self._side.winfo_manager():
            self._across.forget(self._side)

    def _side_label(self) -> str:
        return "Hide the connections" if self._side.winfo_manager() else "Show the connections"

    def _go_to_list(self) -> None:
        self._show_side(True)
        self._list.focus_set()

    def _build_side(self, parent: tk.Misc) -> ttk.Frame:
        px = theme_of(self).px
        side = ttk.Frame(parent, style="Side.TFrame", padding=px(12))
        self._count = ttk.Label(side, style="Side.TLabel")
        self._list = ttk.Treeview(side, columns=list(_COLUMNS), show="headings", selectmode="extended")
        widths = {"name": 40, "peer": 130, "path": 70, "in": 56, "out": 56}
        for name, heading in _COLUMNS.items():
            anchor: Literal["e", "w"] = "e" if name in ("in", "out") else "w"
            self._list.heading(name, text=heading, anchor=anchor)
            self._list.column(name, width=px(widths[name]), anchor=anchor, stretch=name == "path")
        self._list.bind("<<TreeviewSelect>>", lambda _: self._show_connections())
        self._list.bind("<Escape>", lambda _: self._list.selection_set(()))
        self._to = ttk.Label(side, style="Status.TLabel")
        close = ttk.Button(side, text="Disconnect", style="Side.Quiet.TButton", command=self.disconnect)
        self._count.pack(anchor="w", pady=(0, px(8)))
        close.pack(side="bottom", anchor="w", pady=(px(8), 0))
        self._to.pack(side="bottom", anchor="w", pady=(px(8), 0))
        self._list.pack(fill="both", expand=True)
        return side

    def _mode_chosen(self) -> None:
        self._mode.selection_clear()
        self.serving.mode = _MODES[self._mode.get()]

    def _show_counts(self, counts: str) -> None:
        self._counts.configure(text=counts)


def run_server_window(
    root: tk.Tk, mode: Mode, options: Mapping[str, Any], *, theme: str | None = None
) -> Status:
    """Show a server until its window is closed.

    Args:
        root: The window, empty.
        mode: What is done with messages.
        options: The arguments of `Serving`.
        theme: ``light`` or ``dark``; None for that of the console's last time.
    """
    path: Path = storage.folder() / "console.json"
    theme_of(root).use(theme or storage.load(path).theme)
    try:
        ServerWindow(root, mode, options)
    except OSError as error:
        root.tk.call("puts", "stderr", printable(str(error.strerror or error)))
        root.destroy()
        return Status.FAILED
    root.mainloop()
    return Status.CLEAN
