"""The console's window: puts the parts together and does what is typed, clicked and chosen."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import ttk
from typing import Any

import tkws
from tkws.console import settings as storage
from tkws.console.addressbar import AddressBar
from tkws.console.banner import Banner
from tkws.console.conversation import Conversation
from tkws.console.files import Files
from tkws.console.keys import menus_of, rows_menu
from tkws.console.log import Log
from tkws.console.look import add_menu_bar, theme_of
from tkws.console.sendbox import SendBox
from tkws.console.session import Session
from tkws.console.sidepanel import SidePanel
from tkws.console.status import Status
from tkws.console.target import Target
from tkws.errors import printable

_SIDE_MS = 250
_ROOM = 840, 520  # width and height, at 96 dpi, that the panes beside and below the table need

_HINT = "Nothing was said yet.\nType an address above, and press Return to connect."


class Console(ttk.Frame):
    """All that is in the window.

    Args:
        root: The window, empty.
        settings: What is remembered.
        path: Where that is stored when the window closes; None for nowhere.

    Attributes:
        gone: Whether it was destroyed.
        held: Whether reading is stopped.
    """

    def __init__(self, root: tk.Tk, settings: storage.Settings, path: Path | None) -> None:
        theme = theme_of(root)
        theme.use(settings.theme)
        super().__init__(root)
        self.root = root
        self.settings = settings
        self.log = Log()
        self.session = Session(self.log, root, self._told)
        self.held = False
        self._room = True, True
        self._path = path
        self._side_timer = ""
        self.gone = False
        self.files = Files(self)
        self._build()
        add_menu_bar(root, menus_of(self))
        root.title("tkws console")
        root.protocol("WM_DELETE_WINDOW", self.close)
        if settings.geometry:
            root.geometry(settings.geometry)
        else:
            root.geometry(theme.size(1080, 720))
        root.minsize(theme.px(480), theme.px(320))
        self.pack(fill="both", expand=True)
        self.address.address.focus_set()
        self._tick_side()

    # What is done

    def connect(self) -> None:
        """Connect to what is typed, or do nothing but say why not."""
        try:
            self.connect_to(self.address.target())
        except (ValueError, TypeError, OSError, ImportError, tkws.WebSocketError) as error:
            self.banner.show(str(error))

    def connect_to(self, target: Target) -> None:
        """Connect; see `Target.open` for what it raises."""
        self.address.show(target)
        self.session.connect(target)
        self.banner.hide()
        self.settings.remember(target)
        self.address.update_history()
        self.conversation.table.follow()

    def connect_or_not(self) -> None:
        """Do what the button says."""
        if self.session.state is tkws.State.CLOSED:
            self.connect()
        else:
            self.session.disconnect()

    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send what is in the box; say so where that cannot be."""
        try:
            if kind == "ping":
                self.session.ping(payload if isinstance(payload, bytes) else payload.encode())
            else:
                self.session.send(payload)
        except (tkws.WebSocketError, ValueError) as error:
            self.banner.show(f"{error}.")
            return False
        self.banner.hide()
        self.conversation.table.follow()
        return True

    def send_again(self) -> None:
        """Send the selected messages again, received ones too."""
        for row in self.conversation.table.selection:
            if row.type in ("text", "binary") and not self.send("message", row.payload):
                return

    def hold(self) -> None:
        """Read no more from the connection, so that the server feels it, or go on."""
        ws = self.session.ws
        if ws is not None:
            self.held = not self.held
            (ws.pause if self.held else ws.resume)()
            self.conversation.refresh_soon()

    def say(self, sentence: str) -> None:
        """Tell that something is done."""
        self._said.configure(text=sentence)

    def toggle_theme(self) -> None:
        """Be dark, or light."""
        theme = theme_of(self)
        self.settings.theme = "light" if theme.is_dark else "dark"
        theme.use(self.settings.theme)
        self.side.refresh()

    def toggle_side(self) -> None:
        """Show the side panel, or not; where there is little room too, until the window's size changes."""
        self.settings.side = not self.side.winfo_manager()
        self._show_side(self.settings.side)

    def toggle_detail(self) -> None:
        """Show the detail pane, or not; where there is little room too, until the window's size changes."""
        self.settings.detail = not self.conversation.detail.winfo_manager()
        self.conversation.show_detail(self.settings.detail)

    def close(self) -> None:
        """Store the settings, close the connection, and end."""
        self.settings.geometry = self.root.geometry()
        if self._path is not None:
            try:
                storage.store(self.settings, self._path)
            except OSError as error:
                self.root.tk.call("puts", "stderr", printable(f"The settings were not stored: {error}"))
        self.session.disconnect(1001)
        self.root.after(0, self.root.destroy)  # so that the Close still leaves

    # What happens

    def destroy(self) -> None:
        """Go, and leave no timer."""
        self.gone = True
        if self._side_timer:
            self.after_cancel(self._side_timer)
            self._side_timer = ""
        super().destroy()

    def _told(self, type: str, message: Any) -> None:
        if self.gone:
            return
        self.conversation.refresh_soon()
        if type in ("text", "binary", "sent", "ping", "pong"):
            return
        if type == "connect" and self.root.focus_lastfor() in (self.address.address, self.root):
            self.sendbox.text.focus_set()  # what is typed next is to be sent
        elif type == "file":
            self.sendbox.show_progress(self.session.sending)
        elif type in ("error", "timeout"):
            self.banner.show(str(message))
        elif type == "close" and message[0] not in (1000, 1001, 1005):
            self.banner.show(f"The connection was closed: {message[0]} {message[1]}")
        self._show_state()

    def _show_state(self) -> None:
        state = self.session.state
        closed = state is tkws.State.CLOSED
        if state is not tkws.State.OPEN:
            self.held = False
        words = {tkws.State.CONNECTING: "Cancel", tkws.State.CLOSED: "Connect"}
        self.address.button.configure(text=words.get(state, "Disconnect"))
        self.sendbox.enable(self.session.is_open)
        url = "" if closed or self.session.ws is None else f"{self.session.ws.url} - "
        self.root.title(f"{url}tkws console")
        self.side.refresh()

    def _show_counts(self, counts: str) -> None:
        held = "   ·   reading is stopped: the server has to wait" if self.held else ""
        self._counts.configure(text=f"{counts}{held}")

    def _tick_side(self) -> None:
        self.side.refresh()
        self.sendbox.show_progress(self.session.sending)
        self._side_timer = self.after(_SIDE_MS, self._tick_side)

    # How it is built

    def _build(self) -> None:
        px = theme_of(self).px
        gap = px(10)
        self._across = ttk.PanedWindow(self, orient="horizontal")
        left = ttk.Frame(self._across)
        self.address = AddressBar(left, self.settings, self.connect, self.connect_or_not)
        self.banner = Banner(left)
        self.conversation = Conversation(left, self.log, self._show_counts, hint=_HINT)
        self.sendbox = SendBox(left, self.send, self.files.send, self.banner.show)
        self._counts = ttk.Label(left, style="Small.TLabel")
        self._said = ttk.Label(left, style="Small.TLabel", anchor="e")
        self.side = SidePanel(self._across, self.session)
        self.address.grid(row=0, column=0, sticky="ew", padx=gap, pady=(gap, px(2)))
        self.banner.place_at(row=1)
        self.conversation.grid(row=2, column=0, sticky="nsew")
        self.sendbox.grid(row=3, column=0, sticky="ew", padx=gap, pady=(gap, px(4)))
        self._counts.grid(row=4, column=0, sticky="w", padx=gap, pady=(0, px(6)))
        self._said.grid(row=4, column=0, sticky="e", padx=gap, pady=(0, px(6)))
        left.rowconfigure(2, weight=1)
        left.columnconfigure(0, weight=1)
        self._across.pack(fill="both", expand=True)
        self._across.add(left, weight=1)
        self._show_panes()
        self.conversation.table.bind_rows("<Return>", lambda _: self.send_again())
        self.conversation.table.offer(rows_menu(self))
        self.bind("<Configure>", self._resized)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """The panes beside and below the table give way where there is no room for them."""
        px = theme_of(self).px
        self._room = event.width >= px(_ROOM[0]), event.height >= px(_ROOM[1])
        self._show_panes()

    def _show_panes(self) -> None:
        side, detail = self._room
        self._show_side(self.settings.side and side)
        self.conversation.show_detail(self.settings.detail and detail)

    def _show_side(self, shown: bool) -> None:
        if shown and not self.side.winfo_manager():
            self._across.add(self.side, weight=0)
        elif not shown and self.side.winfo_manager():
            self._across.forget(self.side)


def run_window(root: tk.Tk, target: Target | None, *, theme: str | None = None) -> Status:
    """Show the console until its window is closed.

    Args:
        root: The window, empty.
        target: What to connect to at once; None for nothing.
        theme: ``light`` or ``dark``; None for that of last time.

    Raises:
        ValueError: The target makes no sense; the window is closed then.
        OSError: The same, of a file that it names.
    """
    path = storage.folder() / "console.json"
    settings = storage.load(path)
    settings.theme = theme or settings.theme
    console = Console(root, settings, path)
    if target is not None:
        if target == Target(url=target.url):  # nothing is asked for but the address, as when it is typed
            target = settings.recall(target.url)
        try:
            console.connect_to(target)
        except BaseException:
            root.destroy()
            raise
    root.mainloop()
    return Status.CLEAN
