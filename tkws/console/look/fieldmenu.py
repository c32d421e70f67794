"""The menu of fields and boxes: undo, redo, cut, copy, paste, delete, select all.

It opens by the other mouse button, by Shift-F10 and by the menu key. A box that cannot be typed in has the
entries that make sense there.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from tkws.console.look.editing import ENTRIES, has_selection, is_editable
from tkws.console.look.menus import Action, make_menu

_KEYS = "<Shift-F10>", "<Menu>", "<App>"


def add_field_menus(root: tk.Tk) -> None:
    """Give all fields and boxes of an interpreter their menu."""
    menu = _FieldMenu(root)
    for name in ("Text", *ENTRIES):
        root.bind_class(name, "<<ContextMenu>>", menu.open_at_pointer)
        for key in _KEYS:
            try:
                root.bind_class(name, key, menu.open_at_cursor)
            except tk.TclError:  # the key has another name on this system
                pass


def edit_actions(widget: Callable[[], tk.Misc]) -> list[Action | None]:
    """Return the entries of a menu that edits.

    Args:
        widget: Returns the widget to be edited, each time that it is asked.
    """

    def on(condition: Callable[[tk.Misc], bool]) -> Callable[[], bool]:
        return lambda: condition(widget())

    def send(event: str) -> Callable[[], None]:
        def call() -> None:
            edited = widget()
            edited.focus_set()
            edited.event_generate(event)

        return call

    def is_cuttable(edited: tk.Misc) -> bool:
        return is_editable(edited) and has_selection(edited)

    return [
        Action("Undo", send("<<Undo>>"), "z", local=True, possible=on(is_editable)),
        Action("Redo", send("<<Redo>>"), "y", local=True, possible=on(is_editable)),
        None,
        Action("Cut", send("<<Cut>>"), "x", local=True, possible=on(is_cuttable)),
        Action("Copy", send("<<Copy>>"), "c", local=True, possible=on(_can_copy)),
        Action("Paste", send("<<Paste>>"), "v", local=True, possible=on(is_editable)),
        Action("Select all", send("<<SelectAll>>"), "a", local=True, possible=on(lambda _: True)),
    ]


def last_focus(window: tk.Misc, first: tk.Misc) -> Callable[[], tk.Misc]:
    """Return a function for the widget of a window that has the focus, or had it before a menu opened.

    Args:
        window: The window.
        first: The widget to tell until one has had the focus.
    """
    widgets = [first]

    def remember(event: tk.Event[tk.Misc]) -> None:
        widget: object = event.widget  # tkinter does not know a menu that Tk has cloned
        if isinstance(widget, tk.Misc) and not isinstance(widget, tk.Menu):
            widgets[0] = widget

    window.bind("<FocusIn>", remember, add=True)
    return lambda: widgets[0]


def _can_copy(widget: tk.Misc) -> bool:
    return has_selection(widget) or not isinstance(widget, tk.Text | ttk.Entry)


class _FieldMenu:
    """The one menu of an interpreter, made when it is first needed, and the widget that it is open for."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._menu: tk.Menu | None = None
        self._widget: tk.Misc = root

    def open_at_pointer(self, event: tk.Event[tk.Misc]) -> None:
        self._open(event.widget, event.x_root, event.y_root)

    def open_at_cursor(self, event: tk.Event[tk.Misc]) -> str:
        widget = event.widget
        place = widget.tk.splitlist(widget.tk.call(widget, "bbox", "insert")) or (0, 0, 0, 0)
        left, top, _, height = (int(number) for number in place)
        self._open(widget, widget.winfo_rootx() + left, widget.winfo_rooty() + top + height)
        return "break"

    def _open(self, widget: tk.Misc, x: int, y: int) -> None:
        if isinstance(widget, ttk.Entry) and not is_editable(widget):
            return  # a choice, which has no text to edit
        if self._menu is None:
            self._menu = make_menu(self._root, edit_actions(lambda: self._widget))
        self._widget = widget
        widget.focus_set()
        self._menu.tk_popup(x, y)
