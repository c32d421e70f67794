"""The lists beside the conversation, drawn on canvases: rooms with unread marks, and people."""

from __future__ import annotations

import tkinter as tk
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import font as tkfont

from demos.look import nick_colour, theme_of


class _List(tk.Canvas, ABC):
    """Rows of one height that scroll; a subclass draws a row."""

    def __init__(self, parent: tk.Misc, row_height: int) -> None:
        self.theme = theme_of(parent)
        super().__init__(
            parent, background=self.theme.colours.side, highlightthickness=0, borderwidth=0, width=1, height=1
        )
        self._row = self.theme.px(row_height)
        self._count = 0
        self._pointed = -1
        self.bind("<Configure>", lambda event: self.redraw())
        self.bind("<Motion>", lambda event: self._point_at(self.row_at(event.y)))
        self.bind("<Leave>", lambda event: self._point_at(-1))
        self.bind("<MouseWheel>", lambda event: self._scroll(-event.delta))
        self.bind("<Button-4>", lambda event: self._scroll(-1))
        self.bind("<Button-5>", lambda event: self._scroll(1))

    def redraw(self) -> None:
        """Draw all rows."""
        self.delete("all")
        width = self.winfo_width()
        for number in range(self._count):
            self.draw_row(number, number * self._row, width, pointed=number == self._pointed)
        self.configure(scrollregion=(0, 0, width, max(self._count * self._row, self.winfo_height())))

    @abstractmethod
    def draw_row(self, number: int, top: int, width: int, *, pointed: bool) -> None:
        """Draw the row with this number."""

    def row_at(self, y: int) -> int:
        """Return the number of the row at a vertical position of the window; -1 for none."""
        number = int(self.canvasy(y)) // self._row
        return number if 0 <= number < self._count else -1

    def set_count(self, count: int) -> None:
        """Set the number of rows."""
        self._count = count
        self.redraw()

    def background_box(self, top: int, width: int, fill: str) -> None:
        """Draw a rounded box as the background of a row."""
        inset = self.theme.px(8)
        box = self.theme.box(max(width - 2 * inset, 1), self._row - self.theme.px(2), 7, fill)
        self.create_image(inset, top + self.theme.px(1), image=box, anchor="nw")

    def _point_at(self, number: int) -> None:
        if number != self._pointed:
            self._pointed = number
            self.redraw()

    def _scroll(self, direction: int) -> None:
        self.yview_scroll(1 if direction > 0 else -1, "units")


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A row of the list of rooms.

    Attributes:
        name: The name of the room.
        joined: Whether the person is in it.
        unread: The number of unread messages.
        people: The number of people in it; None if unknown.
    """

    name: str
    joined: bool
    unread: int
    people: int | None


class RoomList(_List):
    """The rooms: first those that the person is in, then the others.

    Args:
        parent: The parent widget.
        on_choose: Called with the name of a room that is clicked.
    """

    def __init__(self, parent: tk.Misc, on_choose: Callable[[str], object]) -> None:
        super().__init__(parent, row_height=30)
        self.configure(cursor="hand2")
        self._rows: list[RoomRow] = []
        self._current = ""
        self._on_choose = on_choose
        self.configure(takefocus=True)
        self.bind("<Button-1>", self._clicked)
        self.bind("<Up>", lambda event: self._point_at(max(self._pointed_row() - 1, 0)))
        self.bind("<Down>", lambda event: self._point_at(min(self._pointed_row() + 1, len(self._rows) - 1)))
        self.bind("<Return>", lambda event: self._choose(self._pointed_row()))
        self.bind("<FocusIn>", lambda event: self._point_at(self._pointed_row()))
        self.bind("<FocusOut>", lambda event: self._point_at(-1))

    def show(self, rows: list[RoomRow], current: str) -> None:
        """Show these rooms, and highlight the current one."""
        if (rows, current) != (self._rows, self._current):
            self._rows, self._current = rows, current
            self.set_count(len(rows))

    def draw_row(self, number: int, top: int, width: int, *, pointed: bool) -> None:
        """Draw a room: its name, and after it the number of unread messages or of people."""
        theme, colours, row = self.theme, self.theme.colours, self._rows[number]
        current = row.name == self._current
        if current or pointed:
            self.background_box(top, width, colours.accent_soft if current else colours.hover)
        middle = top + self._row // 2
        colour = colours.accent_strong if current else colours.text if row.joined else colours.faint
        font = theme.bold if current or row.unread else theme.body
        self.create_text(theme.px(18), middle, text="#", anchor="w", font=theme.body, fill=colours.faint)
        name = elide(self, row.name, font, width - theme.px(74))
        self.create_text(theme.px(33), middle, text=name, anchor="w", font=font, fill=colour)
        if row.unread:
            self._draw_badge(width - theme.px(16), middle, str(min(row.unread, 99)))
        elif row.people:
            right = width - theme.px(18)
            self.create_text(right, middle, text=row.people, anchor="e", font=theme.small, fill=colours.faint)

    def _draw_badge(self, right: int, middle: int, text: str) -> None:
        theme = self.theme
        width = theme.px(20 if len(text) == 1 else 27)
        pill = theme.box(width, theme.px(18), 9, theme.colours.accent)
        self.create_image(right, middle, image=pill, anchor="e")
        self.create_text(
            right - width / 2, middle, text=text, font=theme.small_bold, fill=theme.colours.surface
        )

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self._choose(self.row_at(event.y))

    def _choose(self, number: int) -> None:
        if number >= 0:
            self._on_choose(self._rows[number].name)

    def _pointed_row(self) -> int:
        """Return the row below the pointer, or otherwise the current one; -1 without either."""
        names = [row.name for row in self._rows]
        if 0 <= self._pointed < len(names):
            return self._pointed
        return names.index(self._current) if self._current in names else -1


class PeopleList(_List):
    """The people in the room, each with a disc in the colour of the nickname."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, row_height=38)
        self._people: list[str] = []
        self._you = ""

    def show(self, people: list[str], you: str) -> None:
        """Show these people in alphabetical order, ``you`` first."""
        if (people, you) != (self._people, self._you):
            self._people = sorted(people, key=lambda nick: (nick != you, nick.lower()))
            self._you = you
            self.set_count(len(people))

    def draw_row(self, number: int, top: int, width: int, *, pointed: bool) -> None:
        """Draw a person."""
        nick = self._people[number]
        draw_person(self, top + self._row // 2, width, nick, "you" if nick == self._you else "")


class OwnNickname(tk.Canvas):
    """The disc and nickname of this person; a click or Return changes the nickname.

    Args:
        parent: The parent widget.
        on_rename: Called to change the nickname.
    """

    def __init__(self, parent: tk.Misc, on_rename: Callable[[], object]) -> None:
        theme = theme_of(parent)
        colours, height = theme.colours, theme.px(54)
        super().__init__(parent, height=height, width=1, background=colours.side, highlightthickness=0)
        self.configure(cursor="hand2")
        self._nick = ""
        self.bind("<Configure>", lambda event: self.show(self._nick))
        self.configure(takefocus=True, highlightthickness=1)
        self.configure(highlightbackground=colours.side, highlightcolor=colours.accent)
        for event in ("<Button-1>", "<Return>", "<space>"):
            self.bind(event, lambda _: on_rename())

    def show(self, nick: str) -> None:
        """Show a nickname."""
        self._nick = nick
        self.delete("all")
        if nick:
            draw_person(self, self.winfo_height() // 2, self.winfo_width(), nick, "Change nickname")


def draw_person(canvas: tk.Canvas, middle: int, width: int, nick: str, note: str) -> None:
    """Draw a person's disc, nickname and a note below it, shortened to ``width``."""
    theme = theme_of(canvas)
    colours, left, room = theme.colours, theme.px(50), width - theme.px(54)
    disc = theme.disc(26, nick_colour(canvas, nick, dark=theme.is_dark))
    canvas.create_image(theme.px(29), middle, image=disc)
    letter, bright = nick[:1].upper(), colours.surface
    canvas.create_text(theme.px(29), middle, text=letter, font=theme.small_bold, fill=bright)
    rise = theme.px(8) if note else 0
    font = theme.bold if note else theme.body
    short = elide(canvas, nick, font, room)
    canvas.create_text(left, middle - rise, text=short, anchor="w", font=font, fill=colours.text)
    if note:
        short = elide(canvas, note, theme.small, room)
        below = middle + theme.px(9)
        canvas.create_text(left, below, text=short, anchor="w", font=theme.small, fill=colours.faint)


def elide(canvas: tk.Canvas, text: str, font: str, width: int) -> str:
    """Return ``text``, shortened with an ellipsis if it is wider than ``width``."""
    measure = tkfont.nametofont(font, canvas).measure
    if measure(text) <= width:
        return text
    kept = next((end for end in range(len(text) - 1, 0, -1) if measure(f"{text[:end]}…") <= width), 0)
    return f"{text[:kept]}…"
