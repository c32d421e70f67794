"""The colours of widgets that are not ttk's but belong to it: drop-down lists, and the file dialog on X11.

On X11 Tk draws the file dialog itself, with widgets of ttk, except for the list of files: its background is
always white, and a file that is no longer selected turns black. So the list is painted when the dialog
appears, and again after each key and click in it.
"""

from __future__ import annotations

import tkinter as tk
from typing import Any

from tkws.console.look.palette import Palette
from tkws.console.look.resources import Resources

_PAINT = """
proc ::tkws_find_list {widget} {
    if {[winfo class $widget] eq "Canvas"} {return $widget}
    foreach child [winfo children $widget] {
        set found [tkws_find_list $child]
        if {$found ne ""} {return $found}
    }
}
proc ::tkws_paint_list {dialog} {
    if {![winfo exists $dialog]} return
    set list [tkws_find_list $dialog]
    $list configure -background [option get $list background Background]
    foreach item [$list find withtag !selectionText] {
        if {[$list type $item] eq "text"} {
            $list itemconfigure $item -fill [option get $list foreground Foreground]
        }
    }
}
bind TkFDialog <Map> {
    tkws_paint_list %W
    foreach event {<Key> <Button> <ButtonRelease> <B1-Motion>} {
        bind %W $event {after idle {tkws_paint_list %W}}
    }
    after idle {tkws_paint_list %W}
}
"""


def paint_classic(root: tk.Misc, resources: Resources, colours: Palette) -> None:
    """Give the drop-down lists and file dialogs of an interpreter these colours, including existing ones."""
    _paint_file_dialogs(root, colours)
    options: dict[str, Any] = {
        "background": colours.surface,
        "foreground": colours.text,
        "selectBackground": colours.accent,
        "selectForeground": colours.on_accent,
        "font": resources.body,
        "relief": "flat",
        "borderWidth": resources.px(5),
        "highlightThickness": 1,
        "highlightBackground": colours.line,
        "highlightColor": colours.line,
    }
    for option, value in options.items():
        root.option_add(f"*TCombobox*Listbox.{option}", value)
    words = (word for option, value in options.items() for word in (f"-{option.lower()}", value))
    _paint_listboxes(root, ".", tuple(words))


def _paint_listboxes(root: tk.Misc, parent: str, options: tuple[Any, ...]) -> None:
    """Paint the lists of drop-down fields that have already been opened; tkinter does not know them."""
    tk_call = root.tk.call
    for widget in root.tk.splitlist(tk_call("winfo", "children", parent)):
        if tk_call("winfo", "class", widget) == "Listbox":
            tk_call(widget, "configure", *options)
        _paint_listboxes(root, widget, options)


def _paint_file_dialogs(root: tk.Misc, colours: Palette) -> None:
    if root.tk.call("tk", "windowingsystem") != "x11":
        return
    root.tk.eval(_PAINT)
    for option, colour in {
        "background": colours.surface,
        "foreground": colours.text,
        "activeBackground": colours.accent_soft,
        "activeForeground": colours.text,
        "selectColor": colours.text,
    }.items():
        root.option_add(f"*TkFDialog*{option}", colour)
