"""The conversation as a table that only ever draws the rows on the screen.

A canvas with as many lines as fit, whose items are re-used; it asks the `View` for the rows, so
that a hundred thousand of them cost what forty do. Knows rows, not connections. The table stays
at the end while it is there (`Table.following`), and otherwise on the rows that are looked at,
whatever comes or is forgotten meanwhile.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont, ttk

from tkws.console.log import Direction, Row, View
from tkws.console.look import Action, add_context_menu, theme_of
from tkws.console.payload import preview

_ARROWS = {Direction.IN: "↓", Direction.OUT: "↑", Direction.NOTE: "·"}
_SAMPLES = {
    "time": "00:00:00.000",
    "arrow": "↓",
    "peer": "from #1234",
    "type": "disconnect",
    "size": "16,777,216",
}
_HEADINGS = {"time": "Time", "arrow": "", "peer": "Peer", "type": "Type", "size": "Size", "text": "Text"}

_Drawn = tuple[int, bool, int] | None


class Table(ttk.Frame):
    """The table.

    Args:
        parent: The widget that it is in.
        view: Where the rows come from.
        picked: Called when the selection has changed.
        with_peers: Whether there is a column for the peer.

    Attributes:
        following: Whether the newest row is kept in sight.
        hint: What is shown where there are no rows.
    """

    def __init__(
        self, parent: tk.Misc, view: View, picked: Callable[[], object], *, with_peers: bool = False
    ) -> None:
        super().__init__(parent)
        self.following = True
        self.hint = ""
        self._view = view
        self._picked = picked
        self._theme = theme_of(self)
        self._columns = [name for name in _HEADINGS if name != "peer" or with_peers]
        self._top = 0  # the number of the first row in sight, while not following
        self._anchor = self._cursor = -1  # the numbers of the ends of the selection
        self._lines: list[tuple[int, list[int]]] = []
        self._drawn: list[_Drawn] = []
        self._build()
        self._bind()

    # The selection

    @property
    def selection(self) -> list[Row]:
        """The rows that are selected and shown, the oldest first."""
        if self._cursor < 0:
            return []
        low, high = sorted((self._anchor, self._cursor))
        return self._view.rows[self._view.index_of(low) : self._view.index_of(high + 1)]

    @property
    def current(self) -> Row | None:
        """The row that the cursor is on; None where it is on none that is shown."""
        at = self._view.index_of(self._cursor)
        rows = self._view.rows
        return rows[at] if at < len(rows) and rows[at].number == self._cursor else None

    def select(self, number: int, *, extend: bool = False) -> None:
        """Move the cursor to a row, and select it alone or up to it; -1 selects none."""
        self._cursor = number
        if not extend or self._anchor < 0:
            self._anchor = number
        self.draw()
        self._picked()

    def select_all(self) -> None:
        """Select every row that is shown."""
        if self._view.rows:
            self._anchor = self._view.rows[0].number
            self.select(self._view.rows[-1].number, extend=True)

    # What is in sight

    @property
    def page(self) -> int:
        """How many whole rows fit."""
        return max(1, self._canvas.winfo_height() // self._row_height)

    def see(self, number: int) -> None:
        """Bring a row into sight."""
        at, top = self._view.index_of(number), self._top_index()
        if at < top:
            self._show_from(at)
        elif at >= top + self.page:
            self._show_from(at - self.page + 1)

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self.draw()

    def draw(self) -> None:
        """Show the rows as they are now; what has not changed is not drawn again."""
        rows, top = self._view.rows, self._top_index()
        low, high = sorted((self._anchor, self._cursor))
        width = self._text_width
        for line in range(len(self._lines)):
            at = top + line
            row = rows[at] if at < len(rows) else None
            chosen = row is not None and low <= row.number <= high
            wanted = None if row is None else (row.number, chosen, width)
            if self._drawn[line] != wanted:
                self._drawn[line] = wanted
                self._draw_line(line, row, chosen)
        total = max(len(rows), 1)
        self._bar.set(top / total, min(1.0, (top + self.page) / total))
        self._canvas.itemconfigure(self._hint, text="" if rows else self.hint)

    def redraw(self) -> None:
        """Draw everything anew, such as after a filter has changed."""
        self._drawn = [(-1, False, 0)] * len(self._lines)
        self.draw()

    def _top_index(self) -> int:
        last = max(0, len(self._view.rows) - self.page)
        return last if self.following else min(self._view.index_of(self._top), last)

    def _show_from(self, index: int) -> None:
        rows = self._view.rows
        last = max(0, len(rows) - self.page)
        index = min(max(index, 0), last)
        self.following = index == last
        self._top = rows[index].number if rows else 0
        self.draw()

    def _draw_line(self, line: int, row: Row | None, chosen: bool) -> None:
        canvas = self._canvas
        back, items = self._lines[line]
        canvas.itemconfigure(back, state="normal" if chosen else "hidden")
        if row is None:
            for item in items:
                canvas.itemconfigure(item, text="")
            return
        colours = self._theme.colours
        said = colours.text if row.direction is not Direction.NOTE else colours.soft
        if row.type in ("error", "timeout"):
            said = colours.bad
        arrow = {Direction.IN: colours.accent, Direction.OUT: colours.good}.get(row.direction, colours.faint)
        for name, item in zip(self._columns, items, strict=True):
            colour = {"text": said, "arrow": arrow}.get(name, colours.soft)
            canvas.itemconfigure(item, text=self._cell(row, name), fill=colour)

    def _cell(self, row: Row, column: str) -> str:
        if column == "time":
            return f"{time.strftime('%H:%M:%S', time.localtime(row.time))}.{int(row.time % 1 * 1000):03d}"
        if column == "arrow":
            return _ARROWS[row.direction]
        if column == "size":
            return f"{row.size:,}" if row.direction is not Direction.NOTE and row.type != "file" else ""
        if column == "text":
            return preview(row.payload, max(1, self._text_width // self._narrow))
        return str(getattr(row, column))

    # How it is built

    def _build(self) -> None:
        theme = self._theme
        self._head = tk.Canvas(self, highlightthickness=0, borderwidth=0)
        self._canvas = tk.Canvas(self, borderwidth=0, takefocus=True, highlightthickness=theme.px(1))
        self._bar = ttk.Scrollbar(self, command=self._scroll)
        self._head.grid(row=0, column=0, columnspan=2, sticky="ew")
        self._canvas.grid(row=1, column=0, sticky="nsew")
        self._bar.grid(row=1, column=1, sticky="ns")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)
        mono = tkfont.Font(self, name=theme.mono, exists=True)
        small = tkfont.Font(self, name=theme.small, exists=True)
        self._narrow = max(1, mono.measure("0"))
        self._row_height = max(mono.metrics("linespace"), small.metrics("linespace")) + theme.px(6)
        self._left: dict[str, int] = {}
        at = theme.px(8)
        for name in self._columns:
            self._left[name] = at
            at += small.measure(_SAMPLES.get(name, "")) + theme.px(14)
        self._head.configure(height=small.metrics("linespace") + theme.px(8))
        self._hint = self._canvas.create_text(0, 0, font=theme.body, justify="center")
        theme.follow(self._canvas, self._paint)

    def _paint(self) -> None:
        colours = self._theme.colours
        self._canvas.configure(
            background=colours.surface, highlightbackground=colours.line, highlightcolor=colours.accent
        )
        self._canvas.itemconfigure(self._hint, fill=colours.faint)
        self._head.configure(background=colours.side)
        self._head.delete("all")
        middle = self._head.winfo_reqheight() // 2
        for name in self._columns:
            right = name == "size"
            x = self._left["text"] - self._theme.px(14) if right else self._left[name]
            self._head.create_text(
                x,
                middle,
                text=_HEADINGS[name],
                anchor="e" if right else "w",
                fill=colours.soft,
                font=self._theme.small_bold,
            )
        for back, _ in self._lines:
            self._canvas.itemconfigure(back, fill=colours.accent_soft)
        self.redraw()

    def _fit(self, event: tk.Event[tk.Misc]) -> None:
        """Have as many lines as there is room for."""
        wanted = event.height // self._row_height + 1
        while len(self._lines) > wanted:
            back, items = self._lines.pop()
            self._canvas.delete(back, *items)
        while len(self._lines) < wanted:
            self._lines.append(self._make_line(len(self._lines)))
        for back, _ in self._lines:
            left, top, _right, bottom = self._canvas.coords(back)
            self._canvas.coords(back, left, top, event.width, bottom)
        self._canvas.coords(self._hint, event.width // 2, event.height // 2)
        self._canvas.itemconfigure(self._hint, width=max(1, event.width - self._theme.px(40)))
        self.redraw()

    def _make_line(self, line: int) -> tuple[int, list[int]]:
        canvas, theme = self._canvas, self._theme
        top = line * self._row_height + theme.px(1)
        middle = top + self._row_height // 2
        back = canvas.create_rectangle(
            0, top, 0, top + self._row_height, width=0, fill=theme.colours.accent_soft, state="hidden"
        )
        items = []
        for name in self._columns:
            right = name == "size"
            x = self._left["text"] - theme.px(14) if right else self._left[name]
            font = theme.mono if name == "text" else theme.small
            items.append(canvas.create_text(x, middle, anchor="e" if right else "w", font=font))
        return back, items

    @property
    def _text_width(self) -> int:
        return max(0, self._canvas.winfo_width() - self._left["text"] - self._theme.px(8))

    # What is pressed

    def _bind(self) -> None:
        canvas = self._canvas
        canvas.bind("<Configure>", self._fit)
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<B1-Motion>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<MouseWheel>", lambda event: self._turn(-1 if event.delta > 0 else 1))
        canvas.bind("<Button-4>", lambda _: self._turn(-1))
        canvas.bind("<Button-5>", lambda _: self._turn(1))
        steps: dict[str, Callable[[], int]] = {
            "Up": lambda: -1,
            "Down": lambda: 1,
            "Prior": lambda: -self.page,
            "Next": lambda: self.page,
            "Home": lambda: -len(self._view.rows),
            "End": lambda: len(self._view.rows),
        }
        for key, step in steps.items():
            canvas.bind(f"<{key}>", lambda _, step=step: self._move(step()))  # type: ignore[misc]
            canvas.bind(f"<Shift-{key}>", lambda _, step=step: self._move(step(), extend=True))  # type: ignore[misc]
        canvas.bind("<Control-a>", lambda _: self.select_all())
        canvas.bind("<Escape>", lambda _: self.select(-1))

    def focus_set(self) -> None:
        """Give the keyboard to the rows."""
        self._canvas.focus_set()

    def bind_rows(self, sequence: str, call: Callable[[tk.Event[tk.Misc]], object]) -> None:
        """Have a key or a click on the rows call something."""
        self._canvas.bind(sequence, call)

    def offer(self, actions: list[Action | None]) -> tk.Menu:
        """Return a menu of what can be done with the rows, which a click with the other button opens."""
        for click in ("<Button-2>", "<Button-3>"):
            self._canvas.bind(click, self._pointed_at)
        return add_context_menu(self._canvas, actions)

    def row_at(self, y: int) -> Row | None:
        """The row at a height of the rows' widget."""
        at = self._top_index() + max(0, y - self._theme.px(1)) // self._row_height
        return self._view.rows[at] if at < len(self._view.rows) else None

    def _clicked(self, event: tk.Event[tk.Misc], *, extend: bool = False) -> None:
        self._canvas.focus_set()
        row = self.row_at(event.y)
        if row is not None and (not extend or row.number != self._cursor):
            self._top = self._view.rows[self._top_index()].number
            self.following = False  # what was clicked shall stay where it is
            self.select(row.number, extend=extend)

    def _pointed_at(self, event: tk.Event[tk.Misc]) -> None:
        """Select the row that a menu is wanted for, where it is none of those that are selected."""
        row = self.row_at(event.y)
        if row is not None and row not in self.selection:
            self._clicked(event)

    def _move(self, step: int, *, extend: bool = False) -> str:
        rows = self._view.rows
        if rows:
            at = self._view.index_of(self._cursor) if self._cursor >= 0 else len(rows)
            at = min(max(at + step, 0), len(rows) - 1)
            self.select(rows[at].number, extend=extend)
            self.see(rows[at].number)
        return "break"

    def _turn(self, way: int) -> None:
        self._show_from(self._top_index() + 3 * way)

    def _scroll(self, what: str, number: str, unit: str = "") -> None:
        if what == "moveto":
            self._show_from(round(float(number) * len(self._view.rows)))
        else:
            self._show_from(self._top_index() + int(number) * (self.page if unit == "pages" else 1))
