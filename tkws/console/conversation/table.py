"""The conversation as a table that draws only the rows in sight.

A canvas with as many lines as fit, whose items are reused. It takes the rows from the `View`, so that a
hundred thousand of them cost as much as forty. Knows rows, not connections. While the table is at its end, it
follows new rows (`Table.following`); otherwise the rows in sight stay there, whatever is added or dropped.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Container
from tkinter import font as tkfont, ttk
from typing import Literal

from tkws.console.conversation.columns import Columns
from tkws.console.log.events import is_abnormal
from tkws.console.log.log import Direction, Row
from tkws.console.log.view import View
from tkws.console.look import Action, add_context_menu, theme_of
from tkws.console.text.fields import Path
from tkws.console.text.payload import preview
from tkws.console.text.visible import EMPTY

_Drawn = tuple[int, bool, int, bool] | None


class Table(ttk.Frame):
    """The table.

    Args:
        parent: The parent widget.
        view: The rows.
        on_select: Called when the selection has changed.
        with_peers: Whether there is a column for the peer.

    Attributes:
        following: Whether the newest row is kept in sight.
        placeholder: The text that is shown while the table is empty.
        marks: The numbers of the rows that are marked.
    """

    def __init__(
        self, parent: tk.Misc, view: View, on_select: Callable[[], object], *, with_peers: bool = False
    ) -> None:
        super().__init__(parent)
        self.following: bool = True
        self.placeholder = ""
        self.marks: Container[int] = ()
        self._view = view
        self._on_select = on_select
        self._theme = theme_of(self)
        self._top = 0  # the number of the first row in sight, while not following
        self._anchor = self._cursor = -1  # the numbers of both ends of the selection
        self._zoom: int | None = None  # that of the sizes below
        self._lines: list[tuple[int, list[int]]] = []
        self._drawn: list[_Drawn] = []
        self._build(with_peers)
        self._bind()

    # The columns

    @property
    def fields(self) -> list[Path]:
        """The fields of JSON messages that have a column."""
        return self._columns.fields

    @property
    def with_delta(self) -> bool:
        """Whether there is a column for the time since the row above."""
        return self._columns.with_delta

    def toggle_field(self, path: Path) -> None:
        """Give a field a column, or take it away; see `Columns.toggle_field` for the error."""
        self._columns.toggle_field(path)
        self._rebuild()

    def toggle_delta(self) -> None:
        """Show or hide the column for the time since the row above."""
        self._columns.with_delta = not self._columns.with_delta
        self._columns.lay_out()
        self._rebuild()

    # The selection

    @property
    def selection(self) -> list[Row]:
        """The selected rows that pass the filter, the oldest first."""
        if self._cursor < 0:
            return []
        low, high = sorted((self._anchor, self._cursor))
        return self._view.rows[self._view.index_of(low) : self._view.index_of(high + 1)]

    @property
    def current(self) -> Row | None:
        """The row with the cursor; None without a cursor, or if the row does not pass the filter."""
        at = self._view.index_of(self._cursor)
        rows = self._view.rows
        return rows[at] if at < len(rows) and rows[at].number == self._cursor else None

    def select(self, number: int, *, extend: bool = False) -> None:
        """Move the cursor to a row, and select it or extend the selection to it; -1 clears the selection."""
        self._cursor = number
        if not extend or self._anchor < 0:
            self._anchor = number
        self.draw()
        self._on_select()

    def select_all(self) -> None:
        """Select all rows that pass the filter."""
        if self._view.rows:
            self._anchor = self._view.rows[0].number
            self.select(self._view.rows[-1].number, extend=True)

    # Scrolling and drawing

    @property
    def page(self) -> int:
        """How many complete rows fit."""
        return max(1, self._canvas.winfo_height() // self._row_height)

    @property
    def visible(self) -> list[Row]:
        """The rows that are in sight."""
        top = self._top_index()
        return self._view.rows[top : top + self.page]

    def see(self, number: int) -> None:
        """Scroll to a row unless it is in sight."""
        at, top = self._view.index_of(number), self._top_index()
        if at < top:
            self._scroll_to(at)
        elif at >= top + self.page:
            self._scroll_to(at - self.page + 1)

    def follow(self) -> None:
        """Scroll to the end, and follow new rows."""
        self.following = True
        self.draw()

    def draw(self) -> None:
        """Draw the lines that have changed."""
        rows, top = self._view.rows, self._top_index()
        low, high = sorted((self._anchor, self._cursor))
        width = self._text_width
        for line in range(len(self._lines)):
            at = top + line
            row = rows[at] if at < len(rows) else None
            selected = row is not None and low <= row.number <= high
            wanted = None if row is None else (row.number, selected, width, row.number in self.marks)
            if self._drawn[line] != wanted:
                self._drawn[line] = wanted
                self._draw_line(line, row, rows[at - 1] if 0 < at <= len(rows) else None, selected)
        total = max(len(rows), 1)
        self._bar.set(top / total, min(1.0, (top + self.page) / total))
        self._canvas.itemconfigure(self._placeholder_item, text="" if rows else self.placeholder)

    def redraw(self) -> None:
        """Draw all lines, as after a change of the filter."""
        self._drawn = [(-1, False, 0, False)] * len(self._lines)
        self.draw()

    def _top_index(self) -> int:
        last = max(0, len(self._view.rows) - self.page)
        return last if self.following else min(self._view.index_of(self._top), last)

    def _scroll_to(self, index: int) -> None:
        rows = self._view.rows
        last = max(0, len(rows) - self.page)
        index = min(max(index, 0), last)
        self.following = index == last
        self._top = rows[index].number if rows else 0
        self.draw()

    def _draw_line(self, line: int, row: Row | None, before: Row | None, selected: bool) -> None:
        canvas = self._canvas
        back, items = self._lines[line]
        colours = self._theme.colours
        divides = row is not None and row.type == "open"  # one connection from the one before
        marked = row is not None and row.number in self.marks
        fill = colours.accent_soft if selected else colours.mark if marked else colours.hover
        canvas.itemconfigure(back, state="normal" if selected or marked or divides else "hidden", fill=fill)
        if row is None:
            for item in items:
                canvas.itemconfigure(item, text="")
            return
        soft = colours.text if marked else colours.soft
        text_colour = colours.text if row.direction is not Direction.NOTE else soft
        if is_abnormal(row):
            text_colour = colours.bad
        arrow = {Direction.IN: colours.accent, Direction.OUT: colours.good}.get(row.direction, colours.faint)
        texts = [*self._columns.cells(row, before), self._text(row)]
        for column, item, text in zip(self._columns.all, items, texts, strict=True):
            colour = {"text": text_colour, "arrow": arrow, "": text_colour}.get(column.name, soft)
            canvas.itemconfigure(item, text=text, fill=colours.faint if text is EMPTY else colour)

    def _text(self, row: Row) -> str:
        if row.direction is Direction.NOTE and isinstance(row.payload, str):
            return self._beginning(row.payload.partition("\n")[0])  # the rest is for the detail pane
        is_empty = not row.payload and row.type in ("text", "binary")
        return EMPTY if is_empty else self._beginning(row.payload)

    def _beginning(self, payload: str | bytes) -> str:
        """Return as much of a payload as fits; a character may be wider than a digit."""
        width = max(self._char_width, self._text_width)
        length = width // self._char_width
        text = preview(payload, length)
        while length > 1 and (taken := self._mono.measure(text)) > width:
            length = max(1, min(length - 1, length * width // taken))
            text = preview(payload, length)
        return text

    # Layout

    def _build(self, with_peers: bool) -> None:
        theme = self._theme
        self._head = tk.Canvas(self, highlightthickness=0, borderwidth=0)
        self._canvas = tk.Canvas(self, borderwidth=0, takefocus=True, highlightthickness=theme.px(1))
        self._bar = ttk.Scrollbar(self, command=self._scroll)
        self._head.grid(row=0, column=0, columnspan=2, sticky="ew")
        self._canvas.grid(row=1, column=0, sticky="nsew")
        self._bar.grid(row=1, column=1, sticky="ns")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)
        self._mono = tkfont.Font(self, name=theme.mono, exists=True)
        self._small = tkfont.Font(self, name=theme.small, exists=True)
        self._columns = Columns(self._small.measure, theme.px, with_peers=with_peers)
        self._placeholder_item = self._canvas.create_text(0, 0, font=theme.body, justify="center")
        theme.follow(self._canvas, self._paint)

    def _measure(self) -> None:
        """Take the sizes of the fonts, and make the lines again with them, if the zoom has changed."""
        theme = self._theme
        if theme.zoom == self._zoom:
            return
        self._zoom = theme.zoom
        small = self._small.metrics("linespace")
        self._char_width = max(1, self._mono.measure("0"))
        self._row_height = max(self._mono.metrics("linespace"), small) + theme.px(6)
        self._head.configure(height=small + theme.px(8))
        self._columns.lay_out()
        self._make_lines()

    def _paint(self) -> None:
        self._measure()
        colours = self._theme.colours
        self._canvas.configure(
            background=colours.surface, highlightbackground=colours.line, highlightcolor=colours.accent
        )
        self._canvas.itemconfigure(self._placeholder_item, fill=colours.faint)
        self._head.configure(background=colours.side)
        self._head.delete("all")
        middle = self._head.winfo_reqheight() // 2
        for column in self._columns.all:
            self._head.create_text(
                column.x,
                middle,
                text=column.heading,
                anchor="e" if column.is_right else "w",
                fill=colours.soft,
                font=self._theme.small_bold,
            )
        self.redraw()

    def _rebuild(self) -> None:
        """Draw everything again, with other columns."""
        self._make_lines()
        self._paint()

    def _make_lines(self) -> None:
        """Make all lines again."""
        for back, items in self._lines:
            self._canvas.delete(back, *items)
        self._lines.clear()
        self._fill(self._canvas.winfo_width(), self._canvas.winfo_height())

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        self._fill(event.width, event.height)
        self._canvas.coords(self._placeholder_item, event.width // 2, event.height // 2)
        self._canvas.itemconfigure(self._placeholder_item, width=max(1, event.width - self._theme.px(40)))
        self.redraw()

    def _fill(self, width: int, height: int) -> None:
        """Make or delete lines so that they fill the height."""
        wanted = height // self._row_height + 1
        while len(self._lines) > wanted:
            back, items = self._lines.pop()
            self._canvas.delete(back, *items)
        while len(self._lines) < wanted:
            self._lines.append(self._make_line(len(self._lines)))
        for back, _ in self._lines:
            left, top, _right, bottom = self._canvas.coords(back)
            self._canvas.coords(back, left, top, width, bottom)

    def _make_line(self, line: int) -> tuple[int, list[int]]:
        canvas, theme = self._canvas, self._theme
        top = line * self._row_height + theme.px(1)
        middle = top + self._row_height // 2
        back = canvas.create_rectangle(
            0, top, 0, top + self._row_height, width=0, fill=theme.colours.accent_soft, state="hidden"
        )
        items = []
        for column in self._columns.all:
            font = theme.mono if column.name == "text" else theme.small
            anchor: Literal["e", "w"] = "e" if column.is_right else "w"
            items.append(canvas.create_text(column.x, middle, anchor=anchor, font=font))
        return back, items

    @property
    def _text_width(self) -> int:
        return max(0, self._canvas.winfo_width() - self._columns.all[-1].x - self._theme.px(8))

    # Keys and mouse

    def _bind(self) -> None:
        canvas = self._canvas
        canvas.bind("<Configure>", self._resized)
        canvas.bind("<Button-1>", self._clicked)
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<B1-Motion>", lambda event: self._clicked(event, extend=True))
        canvas.bind("<MouseWheel>", lambda event: self._wheel(-1 if event.delta > 0 else 1))
        canvas.bind("<Button-4>", lambda _: self._wheel(-1))
        canvas.bind("<Button-5>", lambda _: self._wheel(1))
        steps: dict[str, Callable[[], int]] = {
            "Up": lambda: -1,
            "Down": lambda: 1,
            "Prior": lambda: -self.page,
            "Next": lambda: self.page,
            "Home": lambda: -len(self._view.rows),
            "End": lambda: len(self._view.rows),
        }
        for key, step in steps.items():
            canvas.bind(f"<{key}>", lambda _, step=step: self._move(step()))  # type: ignore[misc] # default arguments
            canvas.bind(f"<Shift-{key}>", lambda _, step=step: self._move(step(), extend=True))  # type: ignore[misc] # default arguments
        canvas.bind("<<SelectAll>>", lambda _: self.select_all())
        canvas.bind("<Escape>", lambda _: self.select(-1))

    @property
    def head(self) -> tk.Widget:
        """The part of the table that has the headings."""
        return self._head

    @property
    def rows_widget(self) -> tk.Widget:
        """The part of the table that has the rows, and the focus."""
        return self._canvas

    def focus_set(self) -> None:
        """Give the focus to the rows."""
        self._canvas.focus_set()

    def bind_rows(self, sequence: str, call: Callable[[tk.Event[tk.Misc]], object]) -> None:
        """Bind a key or a click on the rows."""
        self._canvas.bind(sequence, call)

    def set_context_menu(self, actions: list[Action | None]) -> None:
        """Add a context menu for the selected rows."""
        for click in ("<Button-2>", "<Button-3>"):
            self._canvas.bind(click, self._right_clicked)
        add_context_menu(self._canvas, actions)

    def row_at(self, y: int) -> Row | None:
        """Return the row at a vertical position in the table; None below the last row."""
        at = self._top_index() + max(0, y - self._theme.px(1)) // self._row_height
        return self._view.rows[at] if at < len(self._view.rows) else None

    def _clicked(self, event: tk.Event[tk.Misc], *, extend: bool = False) -> None:
        self._canvas.focus_set()
        row = self.row_at(event.y)
        if row is not None and (not extend or row.number != self._cursor):
            self._top = self._view.rows[self._top_index()].number
            self.following = False  # the row that was clicked stays where it is
            self.select(row.number, extend=extend)

    def _right_clicked(self, event: tk.Event[tk.Misc]) -> None:
        """Select the row below the pointer for the menu, unless it is selected."""
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

    def _wheel(self, direction: int) -> None:
        self._scroll_to(self._top_index() + 3 * direction)

    def _scroll(self, command: str, number: str, unit: str = "") -> None:
        if command == "moveto":
            self._scroll_to(round(float(number) * len(self._view.rows)))
        else:
            self._scroll_to(self._top_index() + int(number) * (self.page if unit == "pages" else 1))
