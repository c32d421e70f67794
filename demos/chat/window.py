"""The window of one person: shows the state of a `Person`, and passes on the user's input."""

from __future__ import annotations

import math
import tkinter as tk
import webbrowser
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from demos.chat import messages
from demos.chat.conversation import Conversation
from demos.chat.host import Host
from demos.chat.lists import RoomRow
from demos.chat.messages import BadMessageError
from demos.chat.parts import Banner, Composer, StatusLine
from demos.chat.person import JoinedRoom, Kind, Line, Person, ServerStatus
from demos.chat.prompt import Prompt
from demos.chat.room import LOBBY
from demos.chat.sidebar import People, Sidebar
from demos.look import Action, add_menu_bar, theme_of

_TICK_MS = 200
_MIN_WIDTH = 560  # the width, at 96 dpi, below which the people are hidden


class ChatWindow(tk.Toplevel):
    """The window of one person.

    Args:
        parent: The root.
        address: The address of the server, ``ws://HOST:PORT``.
        nick: The nickname.
        ask: Whether to ask for the nickname first.
        host: The server, if it runs in this window.
        page_url: The URL of the web page.
        on_new_window: Called to open one more window.
        on_line: Called as ``on_line(window, room, line)`` for each line of each room.
        on_close: Called when the window has been closed.
    """

    def __init__(
        self,
        parent: tk.Misc,
        address: str,
        nick: str,
        *,
        ask: bool = True,
        host: Host | None = None,
        page_url: str = "",
        on_new_window: Callable[[], object],
        on_line: Callable[[ChatWindow, JoinedRoom, Line], object],
        on_close: Callable[[ChatWindow], object],
    ) -> None:
        super().__init__(parent, class_="TkwsChat")
        self.theme = theme_of(self)
        self.person = Person(address, nick, self, master=self)
        self._host = host
        self._page_url = page_url
        self._on_line = on_line
        self._on_close = on_close
        self._conversations: dict[str, Conversation] = {}
        self._prompt: Prompt | None = None
        self._unseen = 0
        self._countdown: str | None = None
        self._build(address, on_new_window)
        self.protocol("WM_DELETE_WINDOW", self.close)
        if ask:
            self._ask_first_nick()
        else:
            self._begin(nick)

    # Actions

    def show_room(self, name: str) -> None:
        """Show a room; join it first if necessary."""
        before = self._conversations.get(self.person.current_room)
        if before is not None and self.person.current_room != name:
            before.remove_unread_mark()
            before.grid_remove()
        self.person.join(name)
        self._conversation(name).grid(row=2, column=0, sticky="nsew")
        self.person.set_current_room(name)
        self._composer.entry.focus_set()

    def next_room(self, step: int) -> None:
        """Show the room that is ``step`` further on in the list."""
        names = list(self.person.rooms)
        if names:
            self.show_room(names[(names.index(self.person.current_room) + step) % len(names)])

    def leave_room(self) -> None:
        """Leave the current room, unless it is the only one."""
        name = self.person.current_room
        if len(self.person.rooms) > 1:
            self.next_room(-1)
            self.person.leave(name)
            self._conversations.pop(name).destroy()

    def type_line(self, text: str) -> None:
        """Type a line into the field and send it."""
        self._composer.entry.delete(0, "end")
        self._composer.type(text)
        self._composer.submit()

    def show_hint(self, text: str) -> None:
        """Show a sentence in the current room."""
        self._conversation(self.person.current_room).add(Line(Kind.NOTICE, text))

    def reconnect(self) -> None:
        """Reconnect; if the server runs in this window, start it first."""
        if self._host is not None:
            try:
                self._host.start()
            except OSError as error:
                self._banner.show(f"The server cannot start: {error.strerror}.", "Try again")
                return
        self.person.connect()

    def toggle_server(self) -> None:
        """Stop or start the server that runs in this window."""
        if self._host is not None and self._host.server is not None:
            self._host.stop()
        else:
            self.reconnect()

    def close(self) -> None:
        """Leave the chat, stop the server if it runs in this window, and destroy the window."""
        self.person.close()
        if self._countdown is not None:
            self.after_cancel(self._countdown)
        if self._host is not None:
            self._host.stop()
        self.destroy()
        self._on_close(self)

    # Notifications of `Person`

    def line_added(self, room: JoinedRoom, line: Line) -> None:
        """Show a line; count it in the title while the window does not have the focus."""
        seen = room.name == self.person.current_room
        self._conversation(room.name).add(line, seen=seen)
        if seen and line.kind is Kind.SAID and not line.own and self.focus_displayof() is None:
            self._unseen += 1
            self._show_title()
        self._on_line(self, room, line)

    def rooms_changed(self) -> None:
        """Show the rooms, and the people in the current one."""
        if not self.winfo_exists():
            return
        person = self.person
        rows = [
            RoomRow(name, bool(room.you), room.unread, person.room_sizes.get(name))
            for name, room in person.rooms.items()
        ]
        others = {name: people for name, people in person.room_sizes.items() if name not in person.rooms}
        rows += [RoomRow(name, False, 0, people) for name, people in others.items()]
        self._sidebar.rooms.show(rows, person.current_room)
        room = person.rooms.get(person.current_room)
        if room is not None:
            self._heading.configure(text=f"# {room.name}")
            self._people.show(room.people, room.you)
        self._show_title()

    def status_changed(self) -> None:
        """Show the status of the server."""
        if not self.winfo_exists():
            return
        person = self.person
        self._status.show(person.status, person.latency)
        self._sidebar.show_nick(person.nick)
        if self._countdown is not None:
            self.after_cancel(self._countdown)
            self._countdown = None
        if person.error:
            self._show_loss()
        else:
            self._banner.hide()

    def _show_loss(self) -> None:
        """Show why the server is lost and when the next attempt comes, until the status changes."""
        person = self.person
        text = f"{person.error} Your text is kept."
        if self._host is not None and self._host.server is None:
            person.cancel_retry()
            self._banner.show(text, "Start server")
        elif person.retry_in is not None:
            self._banner.show(f"{text} Next attempt in {math.ceil(person.retry_in)} s ·", "now")
            self._countdown = self.after(_TICK_MS, self._show_loss)
        else:
            connecting = person.status is ServerStatus.CONNECTING
            self._banner.show(f"{text} Connecting …" if connecting else text, "Reconnect")

    # Layout

    def _build(self, address: str, on_new_window: Callable[[], object]) -> None:
        theme = self.theme
        self.configure(background=theme.colours.surface)
        self.geometry(theme.size(860, 600))
        self.minsize(theme.px(480), theme.px(320))
        self._sidebar = Sidebar(
            self, on_choose=self.show_room, on_new_room=self._ask_room, on_rename=self._ask_nick
        )
        self._people = People(self)
        center = self._build_center()
        self._status = StatusLine(self, address, hosting=self._host is not None)
        self._banner = Banner(self, self.reconnect)
        for column, widget in ((0, self._sidebar), (1, center), (2, self._people)):
            widget.grid(row=1, column=column, sticky="nsew")
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=2, column=0, columnspan=3, sticky="ew")
        self._status.grid(row=3, column=0, columnspan=3, sticky="ew")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(1, weight=1)
        add_menu_bar(self, self._menus(on_new_window))
        for number in range(1, 10):
            self.bind(f"<Alt-Key-{number}>", partial(self._show_numbered, number - 1))
        self.bind("<FocusIn>", lambda event: self._focused())
        self.bind("<Configure>", self._resized)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Hide the people if the window is too narrow."""
        if event.widget is self:
            wide = event.width >= self.theme.px(_MIN_WIDTH)
            self._people.grid() if wide else self._people.grid_remove()

    def _build_center(self) -> ttk.Frame:
        theme = self.theme
        center = ttk.Frame(self)
        self._center = center
        self._heading = ttk.Label(center, style="Title.TLabel", padding=(theme.px(20), theme.px(12)))
        self._heading.grid(row=0, column=0, sticky="w")
        ttk.Frame(center, style="Line.TFrame", height=1).grid(row=1, column=0, sticky="ew")
        self._composer = Composer(center, self._say)
        self._composer.grid(row=3, column=0, sticky="ew")
        for key, pages in (("<Prior>", -1), ("<Next>", 1)):
            self._composer.entry.bind(key, partial(self._scroll, pages))
        center.rowconfigure(2, weight=1)
        center.columnconfigure(0, weight=1)
        return center

    def _menus(self, on_new_window: Callable[[], object]) -> dict[str, list[Action | None]]:
        server = Action(self._server_label, self.toggle_server)
        return {
            "Chat": [
                Action("New window", on_new_window, "n"),
                Action("Open in browser", self._open_page),
                Action("Copy the server's address", self._copy_address),
                *([server] if self._host is not None else []),
                None,
                Action("Change nickname …", self._ask_nick, "F2"),
                None,
                Action("Close window", self.close, "w"),
            ],
            "Room": [
                Action("New room …", self._ask_room, "j"),
                Action("Next room", lambda: self.next_room(1), "Tab"),
                Action("Previous room", lambda: self.next_room(-1), "Shift-Tab"),
                Action("Leave room", self.leave_room),
            ],
        }

    def _server_label(self) -> str:
        running = self._host is not None and self._host.server is not None
        return "Stop the server" if running else "Start the server"

    def _conversation(self, name: str) -> Conversation:
        if name not in self._conversations:
            conversation = self._conversations[name] = Conversation(self._center)
            conversation.text.bind("<Key>", self._redirect_key)
        return self._conversations[name]

    # Input

    def _begin(self, nick: str) -> None:
        self.person.nick = messages.check_nick(nick)
        self.person.connect()
        self.show_room(LOBBY)

    def _say(self, text: str) -> bool:
        name = self.person.current_room
        try:
            sent = self.person.say(name, text)
        except BadMessageError as error:
            self._conversation(name).add(Line(Kind.ERROR, str(error)))
            return False
        if not sent:
            self.bell()
        return sent

    def _ask_first_nick(self) -> None:
        self._ask(
            "Welcome",
            "What should the others call you?",
            value=self.person.nick,
            action="Join the chat",
            on_answer=self._begin,
            cover=True,
        )

    def _ask_nick(self) -> None:
        hint, person = "The others see the change at once, in every room.", self.person
        self._ask("Change nickname", hint, value=person.nick, action="Change", on_answer=person.rename)

    def _ask_room(self) -> None:
        hint = "Letters, digits and hyphens. If the room exists, you join it."
        self._ask("New room", hint, action="Join", on_answer=self._join_named)

    def _ask(
        self,
        title: str,
        hint: str,
        *,
        action: str,
        on_answer: Callable[[str], object],
        value: str = "",
        cover: bool = False,
    ) -> None:
        if self._prompt is None:
            self._prompt = Prompt(
                self,
                title,
                hint,
                value=value,
                action=action,
                on_answer=on_answer,
                on_close=self._prompt_closed,
                cover=cover,
            )

    def _prompt_closed(self) -> None:
        self._prompt = None
        self._composer.entry.focus_set()

    def _join_named(self, text: str) -> None:
        name = text.strip().lower().removeprefix("#").replace(" ", "-")
        if not messages.is_room(name):
            raise BadMessageError(messages.ROOM_RULE)
        self.show_room(name)

    def _show_numbered(self, number: int, _event: tk.Event[tk.Misc]) -> str:
        names = list(self.person.rooms)
        if number < len(names):
            self.show_room(names[number])
        return "break"

    def _scroll(self, pages: int, _event: tk.Event[tk.Misc]) -> str:
        self._conversation(self.person.current_room).text.yview_scroll(pages, "pages")
        return "break"

    def _redirect_key(self, event: tk.Event[tk.Misc]) -> None:
        """Pass a key that was pressed over the messages to the input field."""
        if event.char and event.char.isprintable():
            self._composer.type(event.char)

    def _open_page(self) -> None:
        webbrowser.open(self._page_url)

    def _copy_address(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self.person.address)

    def _focused(self) -> None:
        self._unseen = 0
        self._show_title()

    def _show_title(self) -> None:
        unread = self._unseen + sum(each.unread for each in self.person.rooms.values())
        mark = f"({unread}) " if unread else ""
        room = self.person.current_room
        self.title(f"{mark}#{room} - {self.person.nick} - tkws chat" if room else "tkws chat")
