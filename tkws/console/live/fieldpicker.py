"""Picks a field of the JSON message that is shown: a click marks it, and buttons offer what to do with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import Any

from tkws.console.live.fieldat import field_at
from tkws.console.live.fields import MISSING, Path, as_text, lookup, parse, path_text
from tkws.console.look import theme_of
from tkws.console.payload import preview

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
    """The line with the field that was clicked; hidden until then.

    Args:
        parent: The parent widget.
        text: The text widget that shows the message.
        read: Returns the text between two of its indices, as it is in the message.

    Attributes:
        actions: The actions on a field; to be set by the owner.
    """

    def __init__(self, parent: tk.Misc, text: tk.Text, read: Callable[[str, str], str]) -> None:
        super().__init__(parent)
        self.actions: list[FieldAction] = []
        self._text = text
        self._read = read
        self._payload: str | bytes = ""
        self._label = ttk.Label(self, style="Soft.TLabel")
        self._buttons = ttk.Frame(self)
        self._label.pack(side="left", padx=theme_of(self).px(8))
        self._buttons.pack(side="left")
        text.bind("<ButtonRelease-1>", self._clicked, add=True)
        theme_of(self).follow(text, self._paint)

    def reset(self, payload: str | bytes) -> None:
        """Show no field; ``payload`` is the message that is shown from now on."""
        self._payload = payload
        self._text.tag_remove(_TAG, "1.0", "end")
        self.grid_remove()

    def show(self, path: Path, value: Any) -> None:
        """Show a field, with a button for each action that is possible."""
        for button in self._buttons.winfo_children():
            button.destroy()
        name = preview(path_text(path), 40)
        self._label.configure(text=f"{name} = {preview(as_text(value), 30)}")
        for action in self.actions:
            if action.possible(value):
                button = ttk.Button(self._buttons, text=action.label, style="Bare.TButton")
                button.configure(command=lambda run=action.run: run(path, value))  # type: ignore[misc] # a default argument
                button.pack(side="left")
        self.grid()

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self._text.tag_ranges("sel"):  # the user selects text
            return
        index = self._text.index(f"@{event.x},{event.y}")
        char = self._text.get(index)
        if not char.strip() or char in ",:":  # beside a field
            index = self._text.index(f"{index} linestart")
            line = self._text.get(index, f"{index} lineend")
            index = f"{index} + {len(line) - len(line.lstrip())} chars"
        path = field_at(self._read("1.0", "end-1c"), len(self._read("1.0", index)))
        value = MISSING if path is None else lookup(parse(self._payload), path)
        self.reset(self._payload)
        if path is not None and value is not MISSING:
            self._text.tag_add(_TAG, f"{index} linestart", f"{index} lineend")
            self.show(path, value)

    def _paint(self) -> None:
        self._text.tag_configure(_TAG, background=theme_of(self).colours.accent_soft)
