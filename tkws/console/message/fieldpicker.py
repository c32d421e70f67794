"""Picks a field of the JSON message that is shown: a click marks it, and buttons offer what to do with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import Any

from tkws.console.look import theme_of
from tkws.console.message.shown import ShownText
from tkws.console.text.fieldat import field_at, place_of
from tkws.console.text.fields import MISSING, Path, as_text, lookup, parse, path_text
from tkws.console.text.payload import preview

_TAG = "field"


@dataclass(frozen=True, slots=True)
class FieldAction:
    """An action on a field.

    Attributes:
        label: The text of its button.
        run: Called with the field and its value.
        possible: Returns whether it can be done with that value.
    """

    label: str
    run: Callable[[Path, Any], object]
    possible: Callable[[Any], bool] = lambda value: True


class FieldPicker(ttk.Frame):
    """The line with the field that was clicked; hidden until then, and for messages that lack the field.

    Args:
        parent: The parent widget.
        text: The text widget that shows the message.
        shown: Its text.
        read: Returns the text between two of its indices, as it is in the message.

    Attributes:
        actions: The actions on a field; to be set by the owner.
    """

    def __init__(
        self, parent: tk.Misc, text: tk.Text, shown: ShownText, read: Callable[[str, str], str]
    ) -> None:
        super().__init__(parent)
        self.actions: list[FieldAction] = []
        self._text = text
        self._shown = shown
        self._read = read
        self._payload: str | bytes = ""
        self._path: Path | None = None
        self._label = ttk.Label(self, style="Soft.TLabel")
        self._buttons = ttk.Frame(self)
        self._label.pack(side="left", padx=theme_of(self).px(8))
        self._buttons.pack(side="left")
        text.bind("<ButtonRelease-1>", self._clicked, add=True)
        theme_of(self).follow(text, self._paint)

    def reset(self, payload: str | bytes) -> None:
        """Show the same field of another message; nothing if that lacks it."""
        self._payload = payload
        self.pick(self._path)

    def pick(self, path: Path | None) -> None:
        """Mark a field and show its value, with a button for each action that is possible; None for none.

        The value is that of the message that is shown.
        """
        self._path = path
        self._text.tag_remove(_TAG, "1.0", "end")
        value = MISSING if path is None else lookup(parse(self._payload), path)
        if path is None or value is MISSING:
            self.grid_remove()
            return
        self._mark(path)
        self._offer(path, value)
        self.grid()

    def _mark(self, path: Path) -> None:
        place = place_of("".join(self._shown.slices), path)
        if place is not None:
            index = self._shown.index(place)
            self._text.tag_add(_TAG, f"{index} linestart", f"{index} lineend")

    def _offer(self, path: Path, value: Any) -> None:
        for button in self._buttons.winfo_children():
            button.destroy()
        self._label.configure(text=f"{preview(path_text(path), 40)} = {preview(as_text(value), 30)}")
        for action in self.actions:
            if action.possible(value):
                button = ttk.Button(self._buttons, text=action.label, style="Bare.TButton")
                button.configure(command=lambda run=action.run: run(path, value))  # type: ignore[misc] # a default argument
                button.pack(side="left")

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self._text.tag_ranges("sel"):  # the user selects text
            return
        index = self._text.index(f"@{event.x},{event.y}")
        char = self._text.get(index)
        if not char.strip() or char in ",:":  # beside a field
            index = self._text.index(f"{index} linestart")
            line = self._text.get(index, f"{index} lineend")
            index = f"{index} + {len(line) - len(line.lstrip())} chars"
        self.pick(field_at(self._read("1.0", "end-1c"), len(self._read("1.0", index))))

    def _paint(self) -> None:
        self._text.tag_configure(_TAG, background=theme_of(self).colours.accent_soft)
