"""One person's window: shows what `Person` knows and hands on what is typed and clicked."""

from __future__ import annotations

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
from demos.chat.person import Contact, Kind, Line, Person, Place
from demos.chat.prompt import Prompt
from demos.chat.room import LOBBY
from demos.chat.sidebar import People, Sidebar
from demos.look import Action, add_menu_bar, theme_of

_ROOM = 560  # the width, at 96 dpi, that all three columns need


class ChatWindow(tk.Toplevel):
    """The window of one person.

    Args:
        parent: The root.
        address: The server's, ``ws://HOST:PORT``.
        nick: The nickname.
        ask: Whether to ask for the nickname first.
        host: The server, where it runs in this window.
        page_url: Where a browser joins.
        new_window: Called for one more window.
        heard: Called with each line of each room.
        closed: Called when the window has gone.
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
        new_window: Callable[[], object],
        heard: Callable[[ChatWindow, Place, Line], object],
        closed: Callable[[ChatWindow], object],
    ) -> None:
        super().__init__(parent, class_="TkwsChat")
        self.theme = theme_of(self)
        self.person = Person(address, nick, self, master=self)
        self._host = host
        self._page_url = page_url
        self._heard = heard
        self._closed = closed
        self._conversations: dict[str, Conversation] = {}
        self._prompt: Prompt | None = None
        self._missed = 0
        self._build(address, new_window)
        self.protocol("WM_DELETE_WINDOW", self.close)
        if ask:
            self._ask_who()
        else:
            self._begin(nick)

    # What happens with it

    def show_room(self, name: str) -> None:
        """Go into a room, where one is not in it yet, and show it."""
        before = self._conversations.get(self.person.looking_at)
        if before is not None and self.person.looking_at != name:
            before.forget_unread_mark()
            before.grid_remove()
        self.person.join(name)
        self._conversation(name).grid(row=2, column=0, sticky="nsew")
        self.person.look_at(name)
        self._composer.entry.focus_set()

    def next_room(self, step: int) -> None:
        """Show the room that comes so many places behind this one."""
        names = list(self.person.places)
        if names:
            self.show_room(names[(names.index(self.person.looking_at) + step) % len(names)])

    def leave_room(self) -> None:
        """Leave the room that is shown, unless it is the only one."""
        name = self.person.looking_at
        if len(self.person.places) > 1:
            self.next_room(-1)
            self.person.leave(name)
            self._conversations.pop(name).destroy()

    def type_line(self, text: str) -> None:
        """Type a line into the field and send it."""
        self._composer.entry.delete(0, "end")
        self._composer.type(text)
        self._composer.submit()

    def reconnect(self) -> None:
        """Connect again; the host starts its server first."""
        if self._host is not None:
            try:
                self._host.start()
            except OSError as error:
                self._banner.show(f"The server cannot start: {error.strerror}.", "Try again")
                return
        self.person.connect()

    def stop_or_start(self) -> None:
        """Stop the server that runs in this window, or start it."""
        if self._host is not None and self._host.server is not None:
            self._host.stop()
        else:
            self.reconnect()

    def close(self) -> None:
        """Leave the chat, stop the server where it runs here, and go."""
        self.person.close()
        if self._host is not None:
            self._host.stop()
        self.destroy()
        self._closed(self)

    # What `Person` tells

    def line_added(self, place: Place, line: Line) -> None:
        """Show a line; count it in the title while the window is behind others."""
        seen = place.name == self.person.looking_at
        self._conversation(place.name).add(line, seen=seen)
        if seen and line.kind is Kind.SAID and not line.own and self.focus_displayof() is None:
            self._missed += 1
            self._show_title()
        self._heard(self, place, line)

    def rooms_changed(self) -> None:
        """Show the rooms, and who is in the one in view."""
        if not self.winfo_exists():
            return
        person = self.person
        rows = [
            RoomRow(name, bool(place.you), place.unread, person.offered.get(name))
            for name, place in person.places.items()
        ]
        others = {name: people for name, people in person.offered.items() if name not in person.places}
        rows += [RoomRow(name, False, 0, people) for name, people in others.items()]
        self._sidebar.rooms.show(rows, person.looking_at)
        place = person.places.get(person.looking_at)
        if place is not None:
            self._heading.configure(text=f"# {place.name}")
            self._people.show(place.people, place.you)
        self._show_title()

    def contact_changed(self) -> None:
        """Show whether the server is there."""
        if not self.winfo_exists():
            return
        person = self.person
        self._status.show(person.contact, person.latency)
        self._sidebar.show_nick(person.nick)
        if person.contact is Contact.LOST and person.trouble:
            stopped = self._host is not None and self._host.server is None
            text = f"{person.trouble} What you write is kept."
            self._banner.show(text, "Start server" if stopped else "Reconnect")
        else:
            self._banner.hide()

    # How it is made

    def _build(self, address: str, new_window: Callable[[], object]) -> None:
        theme = self.theme
        self.configure(background=theme.colours.surface)
        self.geometry(theme.size(860, 600))
        self.minsize(theme.px(480), theme.px(320))
        self._sidebar = Sidebar(self, chosen=self.show_room, new_room=self._ask_room, rename=self._ask_nick)
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
        add_menu_bar(self, self._actions(new_window))
        for number in range(1, 10):
            self.bind(f"<Alt-Key-{number}>", partial(self._show_place, number - 1))
        self.bind("<FocusIn>", lambda event: self._came_to_front())
        self.bind("<Configure>", self._resized)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Who is here gives way where there is no room beside the conversation."""
        if event.widget is self:
            roomy = event.width >= self.theme.px(_ROOM)
            self._people.grid() if roomy else self._people.grid_remove()

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

    def _actions(self, new_window: Callable[[], object]) -> dict[str, list[Action | None]]:
        server = Action(self._stop_or_start_label, self.stop_or_start)
        return {
            "Chat": [
                Action("New window", new_window, "n"),
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

    def _stop_or_start_label(self) -> str:
        running = self._host is not None and self._host.server is not None
        return "Stop the server" if running else "Start the server"

    def _conversation(self, name: str) -> Conversation:
        if name not in self._conversations:
            shown = self._conversations[name] = Conversation(self._center)
            shown.text.bind("<Key>", self._typed_elsewhere)
        return self._conversations[name]

    # What is typed and clicked

    def _begin(self, nick: str) -> None:
        self.person.nick = messages.check_nick(nick)
        self.person.connect()
        self.show_room(LOBBY)

    def _say(self, text: str) -> bool:
        name = self.person.looking_at
        try:
            sent = self.person.say(name, text)
        except BadMessageError as error:
            self._conversation(name).add(Line(Kind.ERROR, str(error)))
            return False
        if not sent:
            self.bell()
        return sent

    def _ask_who(self) -> None:
        self._ask(
            "Welcome",
            "What shall the others call you?",
            value=self.person.nick,
            action="Join the chat",
            answered=self._begin,
            cover=True,
        )

    def _ask_nick(self) -> None:
        hint, person = "The others see it at once, in every room.", self.person
        self._ask("Change nickname", hint, value=person.nick, action="Change", answered=person.rename)

    def _ask_room(self) -> None:
        hint = "Letters, digits and hyphens. A room that exists already is joined."
        self._ask("New room", hint, action="Join", answered=self._join_named)

    def _ask(
        self,
        title: str,
        hint: str,
        *,
        action: str,
        answered: Callable[[str], object],
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
                answered=answered,
                closed=self._prompt_closed,
                cover=cover,
            )

    def _prompt_closed(self) -> None:
        self._prompt = None
        self._composer.entry.focus_set()

    def _join_named(self, typed: str) -> None:
        name = typed.strip().lower().removeprefix("#").replace(" ", "-")
        if not messages.is_room(name):
            raise BadMessageError(messages.ROOM_RULE)
        self.show_room(name)

    def _show_place(self, place: int, _event: tk.Event[tk.Misc]) -> str:
        names = list(self.person.places)
        if place < len(names):
            self.show_room(names[place])
        return "break"

    def _scroll(self, pages: int, _event: tk.Event[tk.Misc]) -> str:
        self._conversation(self.person.looking_at).text.yview_scroll(pages, "pages")
        return "break"

    def _typed_elsewhere(self, event: tk.Event[tk.Misc]) -> None:
        """A key that was pressed over the text belongs into the field."""
        if event.char and event.char.isprintable():
            self._composer.type(event.char)

    def _open_page(self) -> None:
        webbrowser.open(self._page_url)

    def _copy_address(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self.person.address)

    def _came_to_front(self) -> None:
        self._missed = 0
        self._show_title()

    def _show_title(self) -> None:
        unread = self._missed + sum(place.unread for place in self.person.places.values())
        mark = f"({unread}) " if unread else ""
        room = self.person.looking_at
        self.title(f"{mark}#{room} - {self.person.nick} - tkws chat" if room else "tkws chat")
