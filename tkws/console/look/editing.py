"""Fields and boxes edit as in other programs, in all windows of one interpreter.

On X11 and on Windows, Tk gives Control and a letter the meanings of Emacs: Control-D deletes a character,
Control-W cuts, and so on. All of these go; what other programs have comes instead. A Mac keeps its own keys.
The mouse wheel no longer changes the choice in a drop-down field. This is about Tk's classes of widgets, so
it holds for widgets that are made later too.
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from types import MappingProxyType

from tkws.console.look.entryundo import redo_entry, track_entry, undo_entry

ENTRIES = "TEntry", "TCombobox", "TSpinbox"
"""The classes of fields with one line."""
EDITORS = "Text", "Entry", "Spinbox", *ENTRIES
"""The classes of all widgets that text is typed in."""
LONG_LINE = 8000
"""The length in characters of a line that Tk should not have to wrap: each key at its end would take long."""

_LETTER = re.compile(r"<(?:Control|Lock|Meta|Shift|-)*-Key-([a-zA-Z]|space)>")
_KEPT = MappingProxyType(
    {"<<Cut>>": "x", "<<Copy>>": "c", "<<Paste>>": "v", "<<Undo>>": "z", "<<Redo>>": "z"}
)
_ADDED = MappingProxyType({"<<SelectAll>>": "a", "<<Redo>>": "y"})
_WHEELS = "<MouseWheel>", "<Button-4>", "<Button-5>", "<Shift-MouseWheel>", "<TouchpadScroll>"
_WORD_BEFORE = re.compile(r"(\w+|[^\w\s]+|\s)\s*$")
_WORD_AFTER = re.compile(r"^\s*(\w+|[^\w\s]+|\s)")


def edit_as_elsewhere(root: tk.Tk) -> None:
    """Change the keys of all fields and boxes of an interpreter."""
    if root.tk.call("tk", "windowingsystem") != "aqua":
        _replace_emacs_keys(root)
    for name in ("TCombobox", "TSpinbox"):
        for sequence in _WHEELS:
            _unbind(root, name, sequence)
    root.bind_class("Text", "<<Paste>>", _paste)
    root.bind_class("Text", "<<SelectAll>>", _select_all)
    for name in ("Text", *ENTRIES):
        root.bind_class(name, "<Control-BackSpace>", _delete_word_before)
        root.bind_class(name, "<Control-Delete>", _delete_word_after)
    for name in ENTRIES:
        root.bind_class(name, "<FocusIn>", _track, add="+")
        root.bind_class(name, "<<Undo>>", _of_entry(undo_entry))
        root.bind_class(name, "<<Redo>>", _of_entry(redo_entry))


def is_editable(widget: tk.Misc) -> bool:
    """Return whether a field or a box can be typed in."""
    if isinstance(widget, tk.Text):
        return str(widget.cget("state")) == "normal"
    return isinstance(widget, ttk.Entry) and not widget.instate(("readonly",)) and _is_enabled(widget)


def has_selection(widget: tk.Misc) -> bool:
    """Return whether some text of a field or a box is selected."""
    if isinstance(widget, tk.Text):
        return bool(widget.tag_ranges("sel"))
    return isinstance(widget, ttk.Entry) and bool(widget.selection_present())


def _is_enabled(widget: ttk.Entry) -> bool:
    return not widget.instate(("disabled",))


def _replace_emacs_keys(root: tk.Tk) -> None:
    for event in root.event_info():
        for sequence in root.event_info(event):
            match = _LETTER.fullmatch(sequence)
            if match and match[1].lower() != _KEPT.get(event):
                root.event_delete(event, sequence)
    for event, letter in _ADDED.items():
        root.event_add(event, f"<Control-{letter}>", f"<Control-Lock-{letter.upper()}>")
    for name in EDITORS:
        for sequence in root.bind_class(name):
            if _LETTER.fullmatch(sequence):
                root.unbind_class(name, sequence)


def _unbind(root: tk.Tk, name: str, sequence: str) -> None:
    try:
        root.unbind_class(name, sequence)
    except tk.TclError:  # this Tk does not know the event
        pass


def _paste(event: tk.Event[tk.Misc]) -> None:
    """Paste over the selection, also on X11, where Tk pastes beside it."""
    text = event.widget
    assert isinstance(text, tk.Text)
    try:
        pasted = text.clipboard_get()
    except tk.TclError:  # the clipboard is empty, or has no text
        return
    if is_editable(text):
        text.edit_separator()
        if has_selection(text):
            text.delete("sel.first", "sel.last")
        text.insert("insert", pasted)
        text.edit_separator()
        if len(pasted) <= LONG_LINE:  # beyond, finding the place may take Tk seconds
            text.see("insert")


def _select_all(event: tk.Event[tk.Misc]) -> None:
    """Select all of the text, but not the line end that Tk adds to it."""
    event.widget.tk.call(event.widget, "tag", "add", "sel", "1.0", "end-1c")


def _delete_word_before(event: tk.Event[tk.Misc]) -> None:
    _delete_word(event.widget, before=True)


def _delete_word_after(event: tk.Event[tk.Misc]) -> None:
    _delete_word(event.widget, before=False)


def _delete_word(widget: tk.Misc, *, before: bool) -> None:
    """Delete the selection, or else the word and the spaces before or after the cursor, or the line break."""
    if not is_editable(widget):
        return
    if has_selection(widget):
        widget.event_generate("<<Clear>>")
    elif isinstance(widget, tk.Text):
        line = widget.get("insert linestart", "insert") if before else widget.get("insert", "insert lineend")
        count = _word_length(line, before=before)
        widget.delete(*(("insert", f"insert+{count}c"), (f"insert-{count}c", "insert"))[before])
    elif isinstance(widget, ttk.Entry):
        at, whole = int(widget.index("insert")), widget.get()
        count = _word_length(whole[:at] if before else whole[at:], before=before)
        widget.delete(*((at, at + count), (max(0, at - count), at))[before])


def _word_length(line: str, *, before: bool) -> int:
    match = (_WORD_BEFORE if before else _WORD_AFTER).search(line)
    return len(match[0]) if match else 1


def _track(event: tk.Event[tk.Misc]) -> None:
    if isinstance(event.widget, ttk.Entry):  # and not, say, a drop-down list, which tkinter does not know
        track_entry(event.widget)


def _of_entry(do: Callable[[ttk.Entry], object]) -> Callable[[tk.Event[tk.Misc]], None]:
    def call(event: tk.Event[tk.Misc]) -> None:
        if isinstance(event.widget, ttk.Entry) and is_editable(event.widget):
            do(event.widget)

    return call
