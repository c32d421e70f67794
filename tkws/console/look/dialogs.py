"""Tk's own file dialog in the colours of a palette, where Tk draws it itself: on X11.

All of it is of ttk and follows the theme, but for the list of files: Tk makes that white, and black what was
selected and is no more. So it is painted when the dialog comes, and after each key and click in it.
"""

from __future__ import annotations

import tkinter as tk

from tkws.console.look.palette import Palette

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


def dress_dialogs(root: tk.Misc, colours: Palette) -> None:
    """Give the file dialogs of an interpreter these colours from now on."""
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
