"""The panel of the watches, above the table: adds one, shows what they found, and rings the bell."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic as _monotonic
from tkinter import ttk
from typing import Final

from tkws.console.log.log import Log, clock_time
from tkws.console.look import theme_of
from tkws.console.text.payload import preview
from tkws.console.watch.conditions import Alert
from tkws.console.watch.kinds import KINDS, Kind
from tkws.console.watch.watches import Watch, Watches

_CHECK_MS = 250
_BELL_PAUSE = 1.0  # seconds between two rings
_OLD = 5.0  # seconds after which a row is not worth a ring, as one of a file that was opened
_LABEL_WIDTH = 26  # characters
_MAX_FOUND = 60  # characters


class WatchPanel(ttk.Frame):
    """The panel; hidden until `toggle` is called or a watch is added.

    Args:
        parent: The parent widget.
        log: The log.
        before: The widget above which the panel is packed.
        kinds: The kinds of conditions that are offered.
        in_sight: Returns the numbers of the rows that the user sees.
        on_show: Called with the number of a row to show it.
        on_change: Called when there are new marks or rows to draw.

    Attributes:
        on_added: Called with the kind and the text of a watch that the user adds; to be set by the owner.
        on_removed: Called likewise with one that the user removes.
        watches: The watches.
        rings: Whether the bell rings; a variable.
    """

    def __init__(
        self,
        parent: tk.Misc,
        log: Log,
        *,
        before: Callable[[], tk.Widget],
        kinds: Sequence[Kind] = KINDS,
        in_sight: Callable[[], Iterable[int]],
        on_show: Callable[[int], object],
        on_change: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self.on_added: Callable[[str, str], object] = lambda kind, text: None
        self.on_removed: Callable[[str, str], object] = lambda kind, text: None
        self.watches: Final = Watches(log, self._met)
        self.rings: Final = tk.BooleanVar(self, True)
        self._before = before
        self._kinds = {kind.name: kind for kind in kinds}
        self._log = log
        self._in_sight = in_sight
        self._on_show = on_show
        self._on_change = on_change
        self._rows: dict[int, _WatchRow] = {}
        self._entered: dict[int, tuple[str, str]] = {}  # kinds and texts, by the ids of the watches, too
        self._timer = ""
        self._last_ring = float("-inf")
        self._build()

    @property
    def is_shown(self) -> bool:
        """Whether it is shown."""
        return bool(self.winfo_manager())

    def toggle(self) -> None:
        """Show the panel, ready to enter a watch, or hide it; the watches stay."""
        if self.is_shown:
            self.pack_forget()
            return
        self._show()
        self.text.focus_set()

    def add(self, kind: Kind, text: str) -> bool:
        """Add a watch, and show the panel; or show why the text is not understood, and return False."""
        try:
            self._add(kind, text)
        except ValueError as error:
            self._show()
            self._show_fault(str(error))
            return False
        self._show_fault("")
        self.on_added(kind.name, text)
        return True

    def remove(self, watch: Watch) -> None:
        """End a watch; without any left, the marks go too."""
        entered = self._entered[id(watch)]
        self._remove(watch)
        self.on_removed(*entered)

    @property
    def entered(self) -> list[tuple[str, str]]:
        """The kinds and texts of the watches, the oldest first."""
        return list(self._entered.values())

    def replace(self, entered: Iterable[tuple[str, str]]) -> None:
        """Replace the watches by these, for the rows to come; leave out those that are not understood."""
        for watch in self.watches.all:
            self._remove(watch)
        for name, text in entered:
            with suppress(KeyError, ValueError):
                self._add(self._kinds[name], text, next=self._log.next)

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _build(self) -> None:
        theme = theme_of(self)
        gap = theme.px(8)
        entry = ttk.Frame(self)
        self.kind: ttk.Combobox = ttk.Combobox(
            entry, values=list(self._kinds), state="readonly", width=13, font=theme.body
        )
        self.kind.configure(height=len(self._kinds))
        self.kind.current(0)
        self.text: ttk.Entry = ttk.Entry(entry, font=theme.body, width=10)
        add = ttk.Button(entry, text="Add", style="Quiet.TButton", command=self._submit, width=5)
        bell = ttk.Checkbutton(entry, text="Bell", variable=self.rings)
        self._hint = ttk.Label(self, style="Small.TLabel")
        self._fault = ttk.Label(self, style="Wrong.TLabel")
        self._list = ttk.Frame(self)
        ttk.Label(entry, text="Watch", style="Soft.TLabel").pack(side="left", padx=(0, gap))
        self.kind.pack(side="left", fill="y")
        bell.pack(side="right")
        add.pack(side="right", fill="y", padx=gap)
        self.text.pack(side="left", fill="both", expand=True, padx=(gap, 0))
        entry.pack(fill="x")
        self._hint.pack(fill="x")
        self._list.pack(side="bottom", fill="x")
        self.kind.bind("<<ComboboxSelected>>", self._chosen)
        self.text.bind("<Return>", lambda _: self._submit())
        self.text.bind("<Escape>", lambda _: self.toggle())
        self._show_hint()

    def _add(self, kind: Kind, text: str, *, next: int = 0) -> None:
        watch = self.watches.add(kind.make(text), next=next)
        self._show()
        row = _WatchRow(self._list, watch, self._on_show, self.remove)
        row.pack(fill="x")
        self._rows[id(watch)] = row
        self._entered[id(watch)] = kind.name, text
        if not self._timer:
            self._timer = self.after(_CHECK_MS, self._check)
        self._on_change()

    def _remove(self, watch: Watch) -> None:
        self.watches.remove(watch)
        self._rows.pop(id(watch)).destroy()
        del self._entered[id(watch)]
        if not self._rows:
            self.watches.clear_marks()
        self._on_change()

    def _show(self) -> None:
        if not self.is_shown:
            px = theme_of(self).px
            self.pack(fill="x", padx=px(10), pady=(0, px(8)), before=self._before())

    def _submit(self) -> None:
        if self.add(self._kinds[self.kind.get()], self.text.get()):
            self.text.delete(0, "end")

    def _chosen(self, _event: tk.Event[tk.Misc]) -> None:
        self.kind.selection_clear()
        self._show_fault("")
        self._show_hint()
        self.text.focus_set()

    def _show_hint(self) -> None:
        self._hint.configure(text=self._kinds[self.kind.get()].hint)

    def _show_fault(self, sentence: str) -> None:
        self._fault.configure(text=sentence)
        (self._fault.pack if sentence else self._fault.pack_forget)()

    def _check(self) -> None:
        """Look for what no row tells, as long as there are watches."""
        self._timer = self.after(_CHECK_MS, self._check) if self._rows else ""
        self.watches.check(time.time())
        if self.watches.note_seen(self._in_sight()):
            self._on_change()
        for row in self._rows.values():
            row.refresh()

    def _met(self, _watch: Watch, alert: Alert) -> None:
        now = _monotonic()
        if self.rings.get() and now - self._last_ring >= _BELL_PAUSE and time.time() - alert.when < _OLD:
            self._last_ring = now
            self.bell()
        self._on_change()


class _WatchRow(ttk.Frame):
    """One watch: its condition, how many times it was met, and the last time, which a click shows."""

    def __init__(
        self,
        parent: tk.Misc,
        watch: Watch,
        on_show: Callable[[int], object],
        on_remove: Callable[[Watch], object],
    ) -> None:
        super().__init__(parent, style="Side.TFrame")
        px = theme_of(self).px
        self._watch = watch
        self._shown: tuple[int, Alert | None] = (-1, None)
        text = preview(watch.condition.label, _LABEL_WIDTH)
        label = ttk.Label(self, text=text, width=_LABEL_WIDTH, style="Status.TLabel")
        remove = ttk.Button(self, text="Remove", style="Bare.TButton", command=partial(on_remove, watch))
        self._count = ttk.Label(self, width=7, style="Figure.TLabel")
        self._last = ttk.Button(self, style="Bare.TButton", command=lambda: self._show_last(on_show))
        remove.pack(side="right")
        label.pack(side="left", padx=px(4))
        self._count.pack(side="left", padx=px(8))
        self.refresh()

    def refresh(self) -> None:
        """Show the present count."""
        watch = self._watch
        if self._shown == (watch.count, watch.last):
            return
        self._shown = watch.count, watch.last
        self._count.configure(text=f"{watch.count:,}")
        if watch.last is not None:
            clock = clock_time(watch.last.when)
            self._last.configure(text=preview(f"{clock} {watch.last.text}".rstrip(), _MAX_FOUND))
            self._last.pack(side="left")
        else:
            self._last.pack_forget()

    def _show_last(self, on_show: Callable[[int], object]) -> None:
        if self._watch.last is not None:
            on_show(self._watch.last.number)
