"""The table by key: one row for each value of a field, with the last value, rate, age and a sparkline.

Draws ten times a second at most, and only the rows in sight. Knows rows and fields, not connections.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial
from tkinter import ttk
from types import MappingProxyType
from typing import Final, Literal

from tkws.console.live.keys import ByKey, Entry, Order, sparkline
from tkws.console.look import Placeholder, theme_of
from tkws.console.text.fields import MISSING, Path, as_text, path_text, read_path
from tkws.console.text.payload import preview
from tkws.plurals import counted

_DRAW_MS = 100
_SORT_TIME = 0.5  # seconds between two sortings by what changes all the time
_SPARKS = 30  # seconds that the sparkline shows

_COLUMNS: Mapping[str, tuple[str, Order, int, Literal["w", "e"]]] = MappingProxyType(
    {
        "key": ("Key", Order.KEY, 150, "w"),
        "value": ("Value", Order.VALUE, 140, "e"),
        "rate": ("Rate", Order.RATE, 80, "e"),
        "age": ("Age", Order.AGE, 80, "e"),
        "count": ("Messages", Order.COUNT, 90, "e"),
        "spark": (f"Last {_SPARKS} s", Order.FIRST_SEEN, 270, "w"),
    }
)


class KeyView(ttk.Frame):
    """The table by key, with the fields that it is about.

    Args:
        parent: The parent widget.
        suggest: Returns the names of the fields that there are.
        on_fields: Called with the key and the value that the user chose; the value may be None.
        on_select: Called with the number of the last row of the selected key; -1 for none.
        on_open: Called with the text of a key when the user opens it.
        on_plot: Called when the user wants a plot of the value.
        on_close: Called when the user goes back to the messages.

    Attributes:
        model: The keys that are shown; None at first.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        suggest: Callable[[], list[str]],
        on_fields: Callable[[Path, Path | None], object],
        on_select: Callable[[int], object],
        on_open: Callable[[str], object],
        on_plot: Callable[[], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self.model: ByKey | None = None
        self._suggest = suggest
        self._on_fields = on_fields
        self._on_select = on_select
        self._on_open = on_open
        self._order = Order.FIRST_SEEN
        self._descending = False
        self._items: list[str] = []  # from above; each is the serial number of its key
        self._entries: dict[str, Entry] = {}
        self._drawn: dict[str, tuple[str, ...]] = {}
        self._sorted_at = 0.0
        self._must_sort = False
        self._timer = ""
        self.key: Final = self._make_choice()
        self.value: Final = self._make_choice()
        self.tree: Final = ttk.Treeview(self, columns=list(_COLUMNS), show="headings", selectmode="browse")
        self._empty = Placeholder(self.tree)
        self._note = ttk.Label(self, style="Small.TLabel")
        self._lay_out(on_plot, on_close)
        self.bind("<Map>", lambda _: self._tick())

    def show(self, model: ByKey) -> None:
        """Show other fields."""
        self.model = model
        self.key.set(path_text(model.key))
        self.value.set("" if model.value is None else path_text(model.value))
        self.clear()

    def clear(self) -> None:
        """Remove all rows; those of the keys that the model has are drawn again."""
        self.tree.delete(*self._items)
        self._items = []
        self._entries.clear()
        self._drawn.clear()

    @property
    def selected(self) -> Entry | None:
        """The selected key."""
        selection = self.tree.selection()
        return self._entries.get(selection[0]) if selection else None

    def draw(self) -> None:
        """Draw the rows in sight."""
        if self.model is None:
            return
        now = time.time()
        self._sort(self.model, now)
        for item in self._in_sight():
            cells = _cells(self._entries[item], now)
            if cells != self._drawn.get(item):
                self._drawn[item] = cells
                self.tree.item(item, values=cells)
        self._note.configure(text=_summary(self.model))
        self._empty.show("" if self._items else _nothing(self.model))

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _tick(self) -> None:
        """Draw, and again a little later while the view is shown."""
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = ""
        if self.winfo_ismapped():
            self.draw()
            self._timer = self.after(_DRAW_MS, self._tick)

    def _sort(self, model: ByKey, now: float) -> None:
        """Put the rows in order: at once if there are new ones, else now and then as their values change."""
        changes = self._order not in (Order.FIRST_SEEN, Order.KEY)
        is_due = changes and time.monotonic() - self._sorted_at > _SORT_TIME
        if len(model.entries) == len(self._items) and not is_due and not self._must_sort:
            return
        self._sorted_at = time.monotonic()
        self._must_sort = False
        items = []
        for entry in model.sorted(self._order, now, descending=self._descending):
            item = str(entry.serial)
            items.append(item)
            if item not in self._entries:
                self._entries[item] = entry
                self.tree.insert("", "end", iid=item)
        if items != self._items:
            self._items = items
            self.tree.set_children("", *items)

    def _in_sight(self) -> list[str]:
        first, last = (share * len(self._items) for share in self.tree.yview())
        return self._items[int(first) : int(last) + 2]

    def _sort_by(self, order: Order) -> None:
        """Sort by a column; a second time the other way round."""
        self._descending = order is self._order and not self._descending
        self._order = order
        self._must_sort = True
        self.draw()

    def _make_choice(self) -> ttk.Combobox:
        box = ttk.Combobox(self, width=13, font=theme_of(self).body)
        box.configure(postcommand=partial(self._offer, box))
        box.bind("<<ComboboxSelected>>", lambda _: self._chosen())
        box.bind("<Return>", lambda _: self._chosen())
        return box

    def _offer(self, box: ttk.Combobox) -> None:
        box.configure(values=self._suggest())

    def _chosen(self) -> None:
        value = self.value.get().strip()
        if self.key.get().strip():
            self._on_fields(read_path(self.key.get()), read_path(value) if value else None)

    def _lay_out(self, on_plot: Callable[[], object], on_close: Callable[[], object]) -> None:
        theme = theme_of(self)
        gap = theme.px(8)
        bar = ttk.Scrollbar(self, command=self.tree.yview)
        back = ttk.Button(self, text="All messages", style="Quiet.TButton", command=on_close)
        plot = ttk.Button(self, text="Plot", style="Quiet.TButton", command=on_plot)
        for column, (label, widget) in enumerate((("One row for each", self.key), ("showing", self.value))):
            ttk.Label(self, text=label, style="Soft.TLabel").grid(
                row=0, column=2 * column, padx=gap, pady=gap
            )
            widget.grid(row=0, column=2 * column + 1, sticky="w")
        plot.grid(row=0, column=5, sticky="e")
        back.grid(row=0, column=6, columnspan=2, padx=gap, sticky="e")
        self._note.grid(row=0, column=4, sticky="w", padx=gap)
        self.tree.grid(row=1, column=0, columnspan=7, sticky="nsew")
        bar.grid(row=1, column=7, sticky="ns")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(4, weight=1)
        for name, (heading, order, width, anchor) in _COLUMNS.items():
            self.tree.heading(name, text=heading, anchor=anchor, command=partial(self._sort_by, order))
            self.tree.column(name, width=theme.px(width), anchor=anchor, stretch=name in ("key", "spark"))
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._selected())
        self.tree.bind("<Down>", lambda _: self._select_first())
        self.tree.bind("<Return>", lambda _: self._open())
        self.tree.bind("<Double-Button-1>", lambda _: self._open())
        self.tree.bind("<Escape>", lambda _: on_close())

    def _selected(self) -> None:
        entry = self.selected
        self._on_select(-1 if entry is None else entry.number)

    def _select_first(self) -> str:
        """Select the first row if the tree has no row from which to go down."""
        if self.tree.focus() or not self._items:
            return ""
        self.tree.focus(self._items[0])
        self.tree.selection_set(self._items[0])
        return "break"

    def _open(self) -> None:
        entry = self.selected
        if entry is not None:
            self._on_open(entry.key)


def _cells(entry: Entry, now: float) -> tuple[str, ...]:
    value = "" if entry.value is MISSING else preview(as_text(entry.value), 60)
    rate = entry.rate(now)
    return (
        preview(entry.key, 80) or "(empty)",
        value,
        f"{rate:,.0f}/s" if rate >= 9.95 else f"{rate:.1f}/s",
        _age(max(0.0, now - entry.time)),
        f"{entry.count:,}",
        sparkline(entry, now, _SPARKS),
    )


def _age(seconds: float) -> str:
    if seconds < 1:
        return "now"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
    return f"{seconds / 3600:,.1f} h"


def _nothing(model: ByKey) -> str:
    """Return what is true of a table without rows, and the next step."""
    name = path_text(model.key)
    if model.others:
        return f"No message shown has a field {name}.\nChoose another one above, or go back to all messages."
    return f"No message has come yet.\nThe first with a field {name} makes a row."


def _summary(model: ByKey) -> str:
    count = len(model.entries)
    parts = [counted(count, "key", style=",")]
    if model.others:
        parts.append(f"{model.others:,} without it")
    if model.overflow:
        parts.append(f"{model.overflow:,} of further keys")
    return "   ·   ".join(parts)
