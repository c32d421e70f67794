"""Menus: a menu bar whose entries have keys, and a context menu."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

from tkws.console.look.editing import EDITORS
from tkws.console.look.theme import theme_of

_SIGNS = MappingProxyType({"plus": "+", "minus": "-", "slash": "/", "0": "0"})
"""The names of keys other than letters, as a keyboard shows them."""
_ALIKE = MappingProxyType({"plus": ("equal", "KP_Add"), "minus": ("KP_Subtract",), "0": ("KP_0",)})
"""Keys that do the same: ``+`` stands on ``=`` in many layouts."""


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of a menu.

    Attributes:
        label: Its text; a callable is called each time that the menu opens. Its first letter chooses it.
        run: Called when the entry is chosen.
        key: Its key, pressed with Control (Command on a Mac) unless it is a function key; empty for none.
        local: Whether the key is only shown, because a widget binds it itself.
        also: Another key that does the same, which the menu does not show.
        possible: Called each time that the menu opens; the entry is greyed out unless it returns True.
    """

    label: str | Callable[[], str]
    run: Callable[[], object]
    key: str = ""
    local: bool = False
    also: str = ""
    possible: Callable[[], bool] = lambda: True


def add_menu_bar(window: tk.Toplevel | tk.Tk, menus: dict[str, list[Action | None]]) -> None:
    """Give a window a menu bar, and bind the keys of its entries; None is a separator."""
    bar = tk.Menu(window, tearoff=False)
    for title, actions in menus.items():
        bar.add_cascade(label=f" {title} ", menu=make_menu(bar, actions), underline=1)
        for action in actions:
            if action is not None and not action.local:
                _bind(window, action)
    theme_of(window).follow(window, partial(_paint, bar))
    window.configure(menu=bar)


def add_context_menu(widget: tk.Misc, actions: list[Action | None]) -> tk.Menu:
    """Give a widget a context menu, and return it; None is a separator.

    The keys of the actions are shown but not bound.
    """
    menu = make_menu(widget, actions)
    aqua = widget.tk.call("tk", "windowingsystem") == "aqua"
    for click in ("<Button-2>", "<Control-Button-1>") if aqua else ("<Button-3>",):
        widget.bind(click, lambda event: menu.tk_popup(event.x_root, event.y_root), add=True)
    return menu


def make_menu(parent: tk.Misc, actions: list[Action | None]) -> tk.Menu:
    """Return a menu whose labels and states are looked up each time that it opens; None is a separator."""
    menu = tk.Menu(parent, tearoff=False)
    menu.configure(postcommand=partial(_update, menu, actions))
    for action in actions:
        if action is None:
            menu.add_separator()
        else:
            key = key_name(parent, action.key)
            menu.add_command(command=action.run, accelerator=f"{key}  " if key else "")
            spacer = theme_of(parent).spacer(8, 26)  # makes the entry as high as a button
            menu.entryconfigure("end", image=spacer, compound="left")
    _update(menu, actions)
    return menu


class PopUpMenu:
    """A menu that has other entries each time that it opens.

    Args:
        parent: A widget of its window.

    Attributes:
        menu: The menu as it was opened last; None before that.
    """

    def __init__(self, parent: tk.Misc) -> None:
        self.menu: tk.Menu | None = None
        self._parent = parent

    def open(self, actions: list[Action | None], x: int, y: int) -> None:
        """Open it at a place of the screen; None is a separator."""
        if self.menu is not None:
            self.menu.destroy()
        self.menu = make_menu(self._parent, actions)
        self.menu.tk_popup(x, y)

    def open_below(self, widget: tk.Misc, actions: list[Action | None]) -> None:
        """Open it below a widget."""
        self.open(actions, widget.winfo_rootx(), widget.winfo_rooty() + widget.winfo_height())


def _update(menu: tk.Menu, actions: list[Action | None]) -> None:
    """Set the colours and the labels of a menu that is about to open."""
    _paint(menu)
    for number, action in enumerate(actions):
        if action is not None:
            label = action.label if isinstance(action.label, str) else action.label()
            state: Literal["normal", "disabled"] = "normal" if action.possible() else "disabled"
            menu.entryconfigure(number, label=f"{label}   ", state=state, underline=0)


def _paint(menu: tk.Menu) -> None:
    colours = theme_of(menu).colours
    if menu.tk.call("tk", "windowingsystem") == "x11":  # other systems draw their own menus
        menu.configure(
            background=colours.surface,
            foreground=colours.text,
            activebackground=colours.accent_soft,
            activeforeground=colours.text,
            disabledforeground=colours.faint,
            borderwidth=1,
            activeborderwidth=0,
            relief="flat",
        )


def modifier(window: tk.Misc) -> str:
    """Return the key of shortcuts: ``Control``, or ``Command`` on a Mac."""
    return "Command" if window.tk.call("tk", "windowingsystem") == "aqua" else "Control"


def key_name(window: tk.Misc, key: str) -> str:
    """Return the key of an `Action` as a person reads it, with what is held."""
    if not key or _is_function_key(key):
        return key
    held = "Ctrl" if "Tab" in key or modifier(window) == "Control" else "Command"
    named = _SIGNS.get(key, key.replace("-", "+").title())
    return f"{held}+{named}"


def _bind(window: tk.Misc, action: Action) -> None:
    def run(_event: tk.Event[tk.Misc]) -> str:
        if action.possible():
            action.run()
        return "break"

    for sequence in (*_sequences(window, action.key), *_sequences(window, action.also)):
        try:
            window.bind(sequence, run)
        except tk.TclError:  # ISO_Left_Tab, X11's name for Shift-Tab, is unknown elsewhere
            continue
        for name in EDITORS:  # the class of the widget comes first, and would do something else besides
            window.tk.call("bind", name, sequence, "#")


def _sequences(window: tk.Misc, key: str) -> list[str]:
    if not key:
        return []
    if _is_function_key(key):
        return [f"<{key}>"]
    if key == "Shift-Tab":
        return ["<Control-Shift-Tab>", "<Control-ISO_Left_Tab>"]
    if key == "Tab":
        return ["<Control-Tab>"]
    held = modifier(window)
    if key in _SIGNS:
        return [f"<{held}-Key-{name}>" for name in (key, *_ALIKE.get(key, ()))]
    *shift, letter = key.split("-")
    with_lock = "-".join([held, "Lock", *shift, letter.swapcase()])  # while Caps Lock is on
    return [f"<{held}-{key}>", f"<{with_lock}>"]


def _is_function_key(key: str) -> bool:
    return key[0] == "F" and key[1:].isdigit()
