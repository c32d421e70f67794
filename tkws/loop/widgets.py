"""The end of a single widget, by whatever means; the end of a whole interpreter is that of its loop."""

from __future__ import annotations

import itertools
import tkinter
from collections.abc import Callable
from typing import TypeAlias

from tkws.checks import check_kind
from tkws.errors import StateError

Widget: TypeAlias = tkinter.Misc

_serial = itertools.count(1)


def require_widget(name: str, widget: object) -> None:
    """Refuse an argument that is not a widget.

    Raises:
        TypeError: The value is not a widget; the message has the argument's name.
    """
    check_kind(name, widget, tkinter.Misc, "a widget")


def on_destroy(widget: tkinter.Misc, callback: Callable[[], object]) -> Callable[[], None]:
    """Call ``callback()`` when ``widget`` is destroyed. It runs no code of the program's and must not raise.

    A trace on the widget's Tcl command sees every way to end, and needs no binding of the program's.

    Returns:
        A function that withdraws the callback; call it in any case, also after the widget is gone.

    Raises:
        StateError: The widget was destroyed already, or a bare ``Tcl()`` has no window.
    """
    tkapp, path = widget.tk, str(widget)
    command = f"tkws_widget_end_{next(_serial)}"
    tkapp.createcommand(command, lambda *_: callback())
    try:
        tkapp.call("trace", "add", "command", path, "delete", command)
    except tkinter.TclError:
        tkapp.deletecommand(command)
        raise StateError(f"the widget {path} does not exist: it was destroyed") from None

    def take_back() -> None:
        try:
            tkapp.call("trace", "remove", "command", path, "delete", command)
        except tkinter.TclError:  # it is gone, and its traces with it
            pass
        tkapp.deletecommand(command)

    return take_back
