"""The console's window: puts the parts together and carries out what the user asks for.

Long because the actions of its menus are here, a few lines each.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import ttk
from typing import Any, Final

import tkws
from tkws.console.client.clientcert import KeyLocked
from tkws.console.client.copyas import FORMS
from tkws.console.client.session import Session
from tkws.console.client.target import Target
from tkws.console.client.trust import TrustedCertificates
from tkws.console.conversation.conversation import Conversation
from tkws.console.conversation.files import Files
from tkws.console.log.log import Log, Row
from tkws.console.look import (
    Action,
    add_field_menus,
    add_menu_bar,
    edit_as_elsewhere,
    is_pane_shown,
    show_pane,
    theme_of,
)
from tkws.console.look.banner import Banner
from tkws.console.memory import settings as storage
from tkws.console.send.protocolmenu import ProtocolMenu
from tkws.console.send.sendbox import SendBox
from tkws.console.send.sending import Sending
from tkws.console.watch.conditions import Line
from tkws.console.window import menus
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.credentials import Credentials
from tkws.console.window.failures import Failures
from tkws.console.window.keypasswords import KeyPasswords
from tkws.console.window.recollection import Recollection
from tkws.console.window.sidepanel import SidePanel
from tkws.errors import printable

ROOM_FOR_PANES = 840, 520
"""The width and height of a window, at 96 dpi, that has room for the panes beside and below the table."""

_SIDE_MS = 250
_NO_ADDRESS = (
    "No messages yet.\nType an address above, such as ws://127.0.0.1:8765/, and press Return to connect.\n"
    "To have a server to try: python -m tkws serve"
)
_NEXT = "Type a message below and press Return to send it."


class Console(ttk.Frame):
    """The contents of the window.

    Args:
        root: The window, empty.
        settings: The settings to start with; the console changes them.
        path: The file to store the settings in when the window closes; None for none.

    Attributes:
        serve: Opens a server that plays what came in rows; to be set by the owner.
        reading_paused: Whether reading from the connection is paused.
    """

    def __init__(self, root: tk.Tk, settings: storage.Settings, path: Path | None) -> None:
        theme = theme_of(root)
        theme.use(settings.theme)
        theme.zoom_to(settings.zoom)
        super().__init__(root)
        edit_as_elsewhere(root)
        add_field_menus(root)
        self.root = root
        self.settings = settings
        self.log: Final = Log()
        self.session: Final = Session(self.log, root, self._session_event, every_event=False)
        self.serve: Callable[[Sequence[Row]], object] = lambda rows: None
        self.reading_paused: bool = False
        self._room = True, True
        self._path = path
        self._opening: Target | None = None  # to be remembered when it has opened
        self._side_timer = ""
        self._destroyed = False
        self.passwords: Final = KeyPasswords(self, self.connect_to)
        self._build()
        add_menu_bar(root, menus.with_help(self, self._menus()))
        root.title("tkws console")
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.geometry(theme.geometry_of(settings.geometry) or theme.size(1080, 720))
        root.minsize(theme.px(480), theme.px(320))
        self.pack(fill="both", expand=True)
        self.address.entry.focus_set()
        self._update_side()

    # Actions

    def connect(self) -> None:
        """Connect to the address that has been entered, or show why that is not possible."""
        try:
            self.connect_to(self.address.target())
        except (ValueError, TypeError, OSError, ImportError, tkws.WebSocketError) as error:
            self.failures.show_input(error)

    def connect_to(self, target: Target) -> None:
        """Connect to a target; see `Target.open` for exceptions."""
        self.failures.forget()
        target = self.address.applied_to(target)
        self.address.show(target)
        try:
            self.session.connect(self.passwords.applied_to(target))
        except KeyLocked as locked:
            self.passwords.ask(target, locked)
            return
        self.banner.hide()
        self._opening = target
        self.recollection.go_to(target.url)
        self.conversation.table.follow()

    def toggle_connection(self) -> None:
        """Connect, cancel or disconnect, as the button says."""
        if self.session.state is tkws.State.CLOSED:
            self.connect()
        else:
            self.session.disconnect()

    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send a ``"message"``, ``"ping"`` or ``"pong"``, and return True, or show why that failed."""
        try:
            if kind == "message":
                self.session.send(payload)
            else:
                data = payload if isinstance(payload, bytes) else payload.encode()
                (self.session.ping if kind == "ping" else self.session.pong)(data)
        except (tkws.WebSocketError, ValueError) as error:
            self.banner.show(f"{error}.", [] if self.session.is_open else [("Connect", self.connect)])
            return False
        self.banner.hide()
        self.conversation.table.follow()
        return True

    def send_again(self) -> None:
        """Put the selected message into the box to be sent again; ask before several are sent."""
        rows = [row for row in self.conversation.table.selection if row.type in ("text", "binary")]
        if len(rows) == 1 and self.sendbox.put_payload(rows[0].payload):
            return
        if rows:
            self.sending.send_rows(rows)

    def copy_as(self, form: str) -> None:
        """Copy the address and its options, with the text in the box, in one of `copyas.FORMS`."""
        try:
            target = self.address.target()
        except ValueError as error:
            self.banner.show(str(error))
            return
        entry = self.sendbox.entry
        message = entry.text if entry.kind in ("Text", "JSON") else ""
        self.clipboard_clear()
        self.clipboard_append(FORMS[form](target, message))
        self.show_done(f"Copied as {form}")

    def serve_conversation(self) -> None:
        """Open a server that plays what the server said in this conversation."""
        try:
            self.serve(list(self.log.rows))
        except (ValueError, OSError) as error:
            self.banner.show(f"{error}.")

    def toggle_reading(self) -> None:
        """Pause or resume reading from the connection, to test how the server handles a slow client."""
        ws = self.session.ws
        if ws is not None:
            self.reading_paused = not self.reading_paused
            (ws.pause if self.reading_paused else ws.resume)()
            self.conversation.refresh_soon()

    def show_done(self, sentence: str) -> None:
        """Show in the status line that an action is complete."""
        self._done.configure(text=sentence)

    def toggle_theme(self) -> None:
        """Switch between the light and the dark theme."""
        theme = theme_of(self)
        self.settings.theme = "light" if theme.is_dark else "dark"
        theme.use(self.settings.theme)
        self.side.refresh()

    def toggle_side(self) -> None:
        """Show or hide the side panel; in a small window, until its size changes."""
        self.settings.side = not is_pane_shown(self.side)
        show_pane(self._panes, self.side, self.settings.side)

    def toggle_detail(self) -> None:
        """Show or hide the detail pane; in a small window, until its size changes."""
        self.settings.detail = not is_pane_shown(self.conversation.detail)
        self.conversation.show_detail(self.settings.detail)

    def close(self) -> None:
        """Store the settings, close the connection, and destroy the window."""
        self.settings.geometry = theme_of(self).kept_place(self.root)
        self.settings.zoom = theme_of(self).zoom
        self.recollection.drafts.flush()
        if failure := self._store():
            self.root.tk.call("puts", "stderr", printable(failure))
        self.session.disconnect(1001)
        self.root.after(0, self.root.destroy)  # after the Close frame has been sent

    def destroy(self) -> None:
        """Cancel the timers, and destroy the widget."""
        self._destroyed = True
        if self._side_timer:
            self.after_cancel(self._side_timer)
            self._side_timer = ""
        super().destroy()

    # Events

    def _session_event(self, type: str, message: Any) -> None:
        if self._destroyed:
            return
        self.conversation.refresh_soon()
        if type in ("text", "binary", "sent", "ping", "pong"):
            return
        if type == "connect" and self.root.focus_lastfor() in (self.address.entry, self.root):
            self.sendbox.text.focus_set()  # so that the next input is a message
        if type == "connect":
            self._remember()
        if type == "file":
            self.sendbox.show_progress(self.sending.progress)
        elif type == "connect":
            self.banner.hide()
        elif type in ("error", "timeout"):
            self._show_failure(message)
        elif type == "close" and message[0] not in (1000, 1001, 1005) and not self.session.cancelled:
            self.banner.show(
                f"The connection was closed: {message[0]} {message[1]}".rstrip(),
                [("Connect again", self.connect)],
            )
        self._show_state()

    def _remember(self) -> None:
        """Remember the address that has opened, at once: the program may not come to its end."""
        if self._opening is not None:
            self.settings.remember(self._opening)
            self._opening = None
            self.address.update_history()
            if failure := self._store():
                self.show_done(failure)

    def _store(self) -> str:
        """Store the settings, and return why that failed; an empty text if it did not."""
        try:
            if self._path is not None:
                storage.store(self.settings, self._path)
        except OSError as error:
            return f"The settings were not stored: {error}"
        return ""

    def _show_failure(self, error: Exception) -> None:
        """Show why there is no connection, with buttons that help, and the server's answer in full."""
        self.failures.show(error, self.session.target)
        if getattr(error, "status", None) is not None:
            self.conversation.refresh()
            self.conversation.table.select(self.log.next - 1)

    def _show_state(self) -> None:
        state = self.session.state
        if state is not tkws.State.OPEN:
            self.reading_paused = False
        labels = {tkws.State.CONNECTING: "Cancel", tkws.State.CLOSED: "Connect"}
        self.address.button.configure(text=labels.get(state, "Disconnect"))
        self.sendbox.enable(self.session.is_open)
        url = "" if self._is_closed or self.session.ws is None else f"{self.session.ws.url} - "
        self.root.title(f"{url}tkws console")
        self.side.refresh()

    @property
    def _is_closed(self) -> bool:
        return self.session.state is tkws.State.CLOSED

    def _placeholder(self) -> str:
        """Return what is true of a table without rows, and the next step."""
        if self.session.is_open:
            return f"Connected; nothing has come since the table was cleared.\n{_NEXT}"
        if self.session.state is tkws.State.CONNECTING:
            return "Connecting.\nThe button beside the address cancels it."
        if not self.address.entry.get().strip():
            return _NO_ADDRESS
        return "Not connected.\nPress F5, or Return in the address, to connect."

    def _show_counts(self, counts: str) -> None:
        paused = "   ·   reading is stopped" if self.reading_paused else ""
        self._counts.configure(text=f"{counts}{paused}")

    def _update_side(self) -> None:
        self.side.refresh()
        self.sendbox.show_progress(self.sending.progress)
        self._side_timer = self.after(_SIDE_MS, self._update_side)

    # Layout

    def _build(self) -> None:
        px = theme_of(self).px
        gap = px(10)
        self._panes = ttk.PanedWindow(self, orient="horizontal")
        left = ttk.Frame(self._panes)
        trusted = TrustedCertificates(self._path and self._path.with_name("certificates.json"))
        self.address: AddressBar = AddressBar(
            left, self.settings, self.connect, self.toggle_connection, trusted
        )
        self.banner: Banner = Banner(left)
        self.failures: Failures = Failures(self.banner, self.address, self.connect_to)
        self.conversation: Conversation = Conversation(
            left,
            self.log,
            self._show_counts,
            placeholder=self._placeholder,
            on_error=self.banner.show,
        )
        self.conversation.watch.watches.line = lambda: Line(self.session.is_open, self.session.latency)
        self.files: Files = Files(self.conversation, self.show_done, self.banner.show)
        self.sending: Sending = Sending(self.session, self.conversation, self.show_done, self.banner.show)
        self.sendbox: SendBox = SendBox(left, self.send, self.sending.send_file, self.banner.show)
        self.recollection: Recollection = Recollection(
            self.settings,
            self._path,
            address=self.address,
            sendbox=self.sendbox,
            conversation=self.conversation,
            credentials=Credentials(self.address, self.passwords, self.session),
            on_done=self.show_done,
            on_error=self.banner.show,
        )
        self.protocol: ProtocolMenu = ProtocolMenu(self.session, self.sendbox, self.send, self.banner.show)
        self._counts = ttk.Label(left, style="Small.TLabel")
        self._done = ttk.Label(left, style="Small.TLabel", anchor="e")
        self.side: SidePanel = SidePanel(self._panes, self.session)
        self.address.grid(row=0, column=0, sticky="ew", padx=gap, pady=(gap, px(2)))
        self.banner.place_at(row=1)
        self.conversation.grid(row=2, column=0, sticky="nsew")
        self.sendbox.grid(row=3, column=0, sticky="ew", padx=gap, pady=(gap, px(4)))
        self._counts.grid(row=4, column=0, sticky="w", padx=gap, pady=(0, px(6)))
        self._done.grid(row=4, column=0, sticky="e", padx=gap, pady=(0, px(6)))
        left.rowconfigure(2, weight=1)
        left.columnconfigure(0, weight=1)
        self._panes.pack(fill="both", expand=True)
        self._panes.add(left, weight=1)
        self._show_panes()
        self.conversation.table.bind_rows("<Return>", lambda _: self.send_again())
        self.conversation.table.set_context_menu(menus.rows_menu(self.conversation, self.send_again))
        self.bind("<Configure>", self._resized)

    def _menus(self) -> dict[str, menus.Menu]:
        conversation = self.conversation
        return {
            "File": menus.file_menu(self.files, conversation, self.close),
            "Connection": [
                Action("Connect or reconnect", self.connect, "F5"),
                Action("Disconnect", self.session.disconnect, "F6", possible=lambda: not self._is_closed),
                *self.protocol.closing(),
                Action(
                    lambda: "Resume reading" if self.reading_paused else "Stop reading",
                    self.toggle_reading,
                    possible=lambda: self.session.is_open,
                ),
                None,
                *menus.address_menu(self.address),
                None,
                *menus.copy_menu(self.copy_as),
                None,
                *self.recollection.forgetting.actions(),
            ],
            "Message": [
                Action("Go to the message box", self.sendbox.text.focus_set, "e"),
                *menus.sending_menu(self.sending, conversation, self.send, self.send_again),
                *self.protocol.sending(),
                *menus.json_menu(self.sendbox),
                Action(
                    "Saved messages…",
                    self.recollection.saved.show_menu,
                    "Shift-B",
                ),
                None,
                *menus.replay_menu(self.sending),
                Action("Serve this conversation", self.serve_conversation),
            ],
            "Edit": menus.edit_menu(conversation),
            "View": [
                *menus.follow_menu(conversation),
                None,
                *menus.live_menu(conversation),
                None,
                menus.pane_action("the side panel", self.side, self.toggle_side, "F2"),
                menus.pane_action("the details", conversation.detail, self.toggle_detail, "F3"),
                *menus.look_menu(self, self.toggle_theme),
            ],
        }

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Hide the panes beside and below the table if the window is too small for them."""
        px = theme_of(self).px
        self._room = event.width >= px(ROOM_FOR_PANES[0]), event.height >= px(ROOM_FOR_PANES[1])
        self._show_panes()

    def _show_panes(self) -> None:
        for_side, for_detail = self._room
        show_pane(self._panes, self.side, self.settings.side and for_side)
        self.conversation.show_detail(self.settings.detail and for_detail)
