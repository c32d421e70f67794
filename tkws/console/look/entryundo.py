"""Undo for fields with one line, which Tk has for boxes only.

A field's history is kept from its first focus on. It receives changes by the field's validation, which sees
what is typed, pasted, inserted and deleted, but not what a variable sets; so a state that a variable has set
is recorded by the next change.
"""

from __future__ import annotations

from tkinter import ttk
from typing import NamedTuple

_MAX_STATES = 200
_INSERTION, _DELETION = "1", "0"  # Tk's names of the changes


class _State(NamedTuple):
    text: str
    cursor: int


class _History:
    """The states of one field before each change, and those that an undo has left."""

    def __init__(self, entry: ttk.Entry) -> None:
        self.undone: list[_State] = []
        self.states: list[_State] = []
        self._entry = entry
        self._last = ("", "")  # how the last change was made, and what it inserted or deleted
        command = entry.register(self._changing)
        entry.configure(validate="key", validatecommand=(command, "%d", "%s", "%S"))

    def _changing(self, kind: str, before: str, part: str) -> bool:
        """Record the state before a change; what is typed in one go counts as one change, word by word."""
        if not (self.states and self._goes_on(kind, part)):
            self.states.append(_State(before, int(self._entry.index("insert"))))
            del self.states[:-_MAX_STATES]
        self.undone.clear()
        self._last = kind, part
        return True

    def _goes_on(self, kind: str, part: str) -> bool:
        last_kind, last_part = self._last
        if kind == _INSERTION and last_kind == _DELETION and len(last_part) > 1:
            return True  # typed or pasted over a selection
        return (
            kind == last_kind and len(part) == len(last_part) == 1 and last_part.isspace() <= part.isspace()
        )

    def step(self, source: list[_State], target: list[_State]) -> None:
        """Put the last state of ``source`` into the field, and the present one into ``target``."""
        entry = self._entry
        if not source:
            return
        target.append(_State(entry.get(), int(entry.index("insert"))))
        state = source.pop()
        entry.configure(validate="none")
        entry.delete(0, "end")
        entry.insert(0, state.text)
        entry.configure(validate="key")
        entry.icursor(state.cursor)
        entry.xview(max(0, state.cursor - 1))
        self._last = "", ""


def track_entry(entry: ttk.Entry) -> None:
    """Keep the history of a field from now on, unless it is kept already or the field validates otherwise."""
    if not hasattr(entry, "tkws_history") and str(entry.cget("validate")) == "none":
        entry.tkws_history = _History(entry)  # type: ignore[attr-defined] # lives as long as the field


def undo_entry(entry: ttk.Entry) -> None:
    """Undo the last change of a field."""
    history: _History | None = getattr(entry, "tkws_history", None)
    if history is not None:
        history.step(history.states, history.undone)


def redo_entry(entry: ttk.Entry) -> None:
    """Redo the change that was undone last."""
    history: _History | None = getattr(entry, "tkws_history", None)
    if history is not None:
        history.step(history.undone, history.states)
