"""The line that finds a text in the message that is shown."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from tkws.console.log.query import read_pattern
from tkws.console.look import modifier, theme_of
from tkws.console.message.highlights import Highlights
from tkws.console.message.matches import Span
from tkws.console.message.shown import ShownText

_ALL = "hit"
_CURRENT = "current-hit"


class FindBar(ttk.Frame):
    """The line; hidden until `open`.

    Return goes to the next match, Shift-Return to the one before, Escape closes it.

    Args:
        parent: The parent widget.
        widget: The text widget that shows the message.
        shown: Its text.
        on_change: Called when there is something else to look for: `advance` is to be called soon.
        on_reveal: Called with the place of a match that is to be seen.
    """

    def __init__(
        self,
        parent: tk.Misc,
        widget: tk.Text,
        shown: ShownText,
        *,
        on_change: Callable[[], object],
        on_reveal: Callable[[int], object],
    ) -> None:
        super().__init__(parent)
        self._widget = widget
        self._shown = shown
        self._on_change = on_change
        self._on_reveal = on_reveal
        self._highlights = Highlights(widget, shown, _ALL)
        self._current = -1  # the number of the match that is gone to
        self._fault = ""
        self._text = tk.StringVar(self)
        self.entry: Final = ttk.Entry(self, font=theme_of(self).body, textvariable=self._text, width=28)
        self._count = ttk.Label(self, style="Soft.TLabel")
        self._lay_out()
        self._bind()
        theme_of(self).follow(widget, self._paint)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the matches, the one on top last."""
        return _ALL, _CURRENT

    @property
    def is_looking(self) -> bool:
        """Whether there is a text to look for, so that all of the message is to be read."""
        return bool(self.winfo_manager() and self._text.get() and not self._fault)

    @property
    def is_done(self) -> bool:
        """Whether all of the text that there is has been searched, or nothing is looked for."""
        return self._highlights.is_done

    def open(self) -> None:
        """Show the line, with the text that is selected in the message if that is on one line."""
        if self._widget.tag_ranges("sel"):
            selected = self._widget.get("sel.first", "sel.last")
            if selected and "\n" not in selected and len(selected) < 200:
                self._text.set(selected)
        self.grid()
        self.update_idletasks()  # it gets no focus before it is there
        self.entry.focus_set()
        self.entry.selection_range(0, "end")
        self._look()

    def close(self) -> None:
        """Hide the line and the marks, and give the focus back to the message."""
        self.grid_remove()
        self._highlights.look_for(())
        self._widget.tag_remove(_CURRENT, "1.0", "end")
        self._widget.focus_set()

    def restart(self) -> None:
        """Look for the same text in another message."""
        self._current = -1
        self._widget.tag_remove(_CURRENT, "1.0", "end")
        self._highlights.restart()
        self.show()

    def advance(self) -> None:
        """Search one more slice of the message."""
        self._highlights.advance()
        if self._current < 0 and self._highlights.spans:
            self._go(0)

    def step(self, steps: int) -> None:
        """Go so many matches on, or back if it is negative; from the last one to the first."""
        count = len(self._highlights.spans)
        if count:
            self._go((self._current + steps) % count)
        self.show()

    def show(self) -> None:
        """Show which match is gone to, of how many."""
        count = len(self._highlights.spans)
        is_whole = self._shown.is_complete and self.is_done and not self._highlights.is_full
        if self._fault or not self._text.get():
            text = self._fault
        elif count:
            text = f"{self._current + 1:,} of {count:,}{'' if is_whole else '+'}"
        else:
            text = "Not in this message" if is_whole else "Searching…"
        self._count.configure(text=text, style="Wrong.TLabel" if self._fault else "Soft.TLabel")

    def _look(self) -> None:
        """Look for what has been typed."""
        self._fault = ""
        patterns: list[re.Pattern[str]] = []
        try:
            if self._text.get():
                patterns.append(read_pattern(self._text.get()))
        except ValueError as error:
            self._fault = str(error)
        self._current = -1
        self._widget.tag_remove(_CURRENT, "1.0", "end")
        self._highlights.look_for(patterns)
        self.show()
        self._on_change()

    def _go(self, number: int) -> None:
        self._current = number
        span: Span = self._highlights.spans[number]
        self._on_reveal(span[0])
        begin, end = self._shown.span(*span)
        self._widget.tag_remove(_CURRENT, "1.0", "end")
        self._widget.tag_add(_CURRENT, begin, end)
        self._widget.see(begin)

    def _lay_out(self) -> None:
        gap = theme_of(self).px(4)
        ttk.Label(self, text="Find", style="Soft.TLabel").pack(side="left", padx=(2 * gap, gap))
        self.entry.pack(side="left", padx=gap, pady=gap)
        for label, command in (
            ("Previous", lambda: self.step(-1)),
            ("Next", lambda: self.step(1)),
            ("Close", self.close),
        ):
            ttk.Button(self, text=label, style="Bare.TButton", command=command).pack(side="left")
        self._count.pack(side="left", padx=2 * gap)

    def _bind(self) -> None:
        self._text.trace_add("write", lambda *_: self._look())
        keys: dict[str, Callable[[], object]] = {
            "<Return>": lambda: self.step(1),
            "<Shift-Return>": lambda: self.step(-1),
            "<Escape>": self.close,
        }
        for widget in (self.entry, self._widget):
            for key, call in keys.items():
                widget.bind(key, lambda _, call=call: self._press(call))  # type: ignore[misc] # a default argument
            # The window's own key goes to the filter.
            widget.bind(f"<{modifier(self)}-f>", lambda _: self._press(self.open, always=True))
            widget.bind(f"<{modifier(self)}-Lock-F>", lambda _: self._press(self.open, always=True))

    def _press(self, call: Callable[[], object], *, always: bool = False) -> str:
        """Carry out a key, which in the message has a meaning only while the line is open."""
        if always or self.winfo_manager():
            call()
            return "break"
        return ""

    def _paint(self) -> None:
        colours = theme_of(self).colours
        self._widget.tag_configure(_ALL, background=colours.found, foreground=colours.text)
        self._widget.tag_configure(_CURRENT, background=colours.accent, foreground=colours.on_accent)
