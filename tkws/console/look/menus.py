"""Menus: a bar whose entries have keys, and one that a click with the other button opens."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tkws.console.look.theme import theme_of


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of a menu.

    Attributes:
        label: What it says; a callable is asked each time that the menu opens.
        run: What it does.
        key: Its key, pressed with Control (Command on a Mac) unless it is a function key;
            empty for none.
        local: Whether the key is only shown, since a widget has it bound for itself.
    """

    label: str | Callable[[], str]
    run: Callable[[], object]
    key: str = ""
    local: bool = False


def add_menu_bar(window: tk.Toplevel | tk.Tk, menus: dict[str, list[Action | None]]) -> None:
    """Give a window a menu bar and bind the keys; None separates entries."""
    theme = theme_of(window)
    bar = theme.menu(window)
    for title, actions in menus.items():
        bar.add_cascade(label=f" {title} ", menu=_menu_of(bar, actions), underline=1)
        for action in actions:
            if action is not None and not action.local:
                _bind(window, action)
    theme.follow(window, partial(theme.paint_menu, bar))
    window.configure(menu=bar)


def add_context_menu(widget: tk.Misc, actions: list[Action | None]) -> tk.Menu:
    """Return a menu that a click with the other button opens over a widget; None separates entries.

    The keys of the actions are only shown.
    """
    menu = _menu_of(widget, actions)
    aqua = widget.tk.call("tk", "windowingsystem") == "aqua"
    for click in ("<Button-2>", "<Control-Button-1>") if aqua else ("<Button-3>",):
        widget.bind(click, lambda event: menu.tk_popup(event.x_root, event.y_root), add=True)
    return menu


def _menu_of(parent: tk.Misc, actions: list[Action | None]) -> tk.Menu:
    theme = theme_of(parent)
    menu = theme.menu(parent)
    menu.configure(postcommand=partial(_ready, menu, actions))
    for action in actions:
        if action is None:
            menu.add_separator()
        else:
            key = _spoken(parent, action.key)
            menu.add_command(command=action.run, accelerator=f"{key}  " if key else "")
            menu.entryconfigure("end", image=theme.menu_space(), compound="left")
    _ask_labels(menu, actions)
    return menu


def _ready(menu: tk.Menu, actions: list[Action | None]) -> None:
    """A menu that is about to open."""
    theme_of(menu).paint_menu(menu)
    _ask_labels(menu, actions)


def _ask_labels(menu: tk.Menu, actions: list[Action | None]) -> None:
    for number, action in enumerate(actions):
        if action is not None:
            label = action.label if isinstance(action.label, str) else action.label()
            menu.entryconfigure(number, label=f"{label}   ")


def _modifier(window: tk.Misc) -> str:
    return "Command" if window.tk.call("tk", "windowingsystem") == "aqua" else "Control"


def _spoken(window: tk.Misc, key: str) -> str:
    if not key or (key[0] == "F" and key[1:].isdigit()):
        return key
    modifier = "Ctrl" if "Tab" in key or _modifier(window) == "Control" else "Command"
    return f"{modifier}+{key.replace('-', '+').title()}"


def _bind(window: tk.Misc, action: Action) -> None:
    def run(_event: tk.Event[tk.Misc]) -> str:
        action.run()
        return "break"

    for sequence in _sequences(window, action.key):
        try:
            window.bind(sequence, run)
        except tk.TclError:  # ISO_Left_Tab, as X11 calls Shift-Tab, is unknown elsewhere
            pass


def _sequences(window: tk.Misc, key: str) -> list[str]:
    if not key:
        return []
    if key[0] == "F" and key[1:].isdigit():
        return [f"<{key}>"]
    if key == "Shift-Tab":
        return ["<Control-Shift-Tab>", "<Control-ISO_Left_Tab>"]
    if key == "Tab":
        return ["<Control-Tab>"]
    return [f"<{_modifier(window)}-{key}>"]
