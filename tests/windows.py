"""What every window has to hold: its colours, its sizes, the way of the Tab key."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from tkws.console.look import Palette


def descendants(widget: tk.Misc) -> Iterator[tk.Misc]:
    """Every widget below one."""
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)


def of_other_colours(root: tk.Misc, palette: Palette) -> list[tk.Misc]:
    """The widgets whose ground is of no colour of the palette."""
    allowed = {getattr(palette, name) for name in palette.__slots__}
    return [widget for widget in descendants(root) if not _grounds(widget) <= allowed]


def _grounds(widget: tk.Misc) -> set[str]:
    if isinstance(widget, ttk.Widget):
        style = widget.cget("style") or widget.winfo_class()
        return {str(ttk.Style(widget).lookup(style, "background"))}
    if isinstance(widget, tk.Menu):
        if widget.cget("postcommand"):
            widget.tk.call(widget.cget("postcommand"))
        return {str(widget.cget("background")), str(widget.cget("activebackground"))}
    if isinstance(widget, tk.Text | tk.Canvas):
        edge = [widget.cget("highlightbackground")] if int(widget.cget("highlightthickness")) else []
        return {str(widget.cget("background")), *map(str, edge)}
    return set()


def cut_off(root: tk.Misc) -> list[tk.Misc]:
    """The buttons and labels in sight that have less room than they want, or reach beyond the window."""
    return [widget for widget in descendants(root) if widget.winfo_ismapped() and _is_cut(widget)]


def _is_cut(widget: tk.Misc) -> bool:
    if not isinstance(widget, ttk.Button | ttk.Label | ttk.Checkbutton):
        return False
    top = widget.winfo_toplevel()
    right = widget.winfo_rootx() - top.winfo_rootx() + widget.winfo_width()
    bottom = widget.winfo_rooty() - top.winfo_rooty() + widget.winfo_height()
    return (
        widget.winfo_width() < widget.winfo_reqwidth()
        or widget.winfo_height() < widget.winfo_reqheight()
        or right > top.winfo_width()
        or bottom > top.winfo_height()
    )


def tab_order(first: tk.Misc) -> list[tk.Misc]:
    """The widgets that the Tab key leads to, from one back to it."""
    order = [first]
    while (following := order[-1].tk_focusNext()) is not None and following is not first:
        order.append(following)
        assert len(order) < 100, "Tab does not come back"
    return order
