"""Runs a window until it is closed, by its user or by a signal."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tkws.console.client.target import Target
from tkws.console.log.log import Row
from tkws.console.look import set_icon, theme_of
from tkws.console.memory import settings as storage
from tkws.console.server.betweenwindow import BetweenWindow
from tkws.console.server.listeningwindow import ListeningWindow
from tkws.console.server.recording import recording_of
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow
from tkws.console.terminal.interrupt import on_interrupt
from tkws.console.terminal.status import Status, status_of_signal
from tkws.console.window.window import Console
from tkws.errors import printable
from tkws.loop import loop_for


def run_window(root: tk.Tk, target: Target | None, *, theme: str | None = None) -> Status:
    """Show the console until its window is closed.

    Args:
        root: The window, empty.
        target: The target to connect to at once; None for none.
        theme: ``light`` or ``dark``; None for the one used last.

    Raises:
        ValueError: The target is invalid; the window is destroyed.
        OSError: A file that the target names cannot be read; the window is destroyed.
    """
    _hide_unfinished(root)
    path = storage.folder() / "console.json"
    settings = storage.load(path)
    settings.theme = theme or settings.theme
    console = Console(root, settings, path)
    console.serve = partial(open_server_window, root)
    if target is not None:
        if target == Target(url=target.url):  # only an address: use its remembered options
            target = settings.recall(target.url)
        try:
            console.connect_to(target)
        except BaseException:
            root.destroy()
            raise
    root.deiconify()
    with on_interrupt(loop_for(root), console.close) as interruption:
        root.mainloop()
    return status_of_signal(interruption.signal)


def run_server_window(
    root: tk.Tk, mode: Mode, options: Mapping[str, Any], *, theme: str | None = None
) -> Status:
    """Show a server until its window is closed.

    Args:
        root: The window, empty.
        mode: The way to handle messages.
        options: The arguments of `ServerSession`.
        theme: ``light`` or ``dark``; None for the one that the console used last.
    """
    return _run_server(root, lambda: ServerWindow(root, mode, options), theme)


def run_between_window(
    root: tk.Tk, target: Target, options: Mapping[str, Any], *, theme: str | None = None
) -> Status:
    """Show a server between clients and another server until its window is closed.

    Args:
        root: The window, empty.
        target: The server behind this one.
        options: The keyword arguments of `tkws.console.server.between.Between`.
        theme: ``light`` or ``dark``; None for the one that the console used last.
    """
    return _run_server(root, lambda: BetweenWindow(root, target, options), theme)


def _hide_unfinished(root: tk.Tk) -> None:
    """Hide a window until it is complete, so that no empty one flashes up, and give it the icon."""
    root.withdraw()
    set_icon(root)


def open_server_window(root: tk.Tk, rows: Sequence[Row]) -> ServerWindow:
    """Open one more window, with a server at any free port that plays what the server said in a conversation.

    Raises:
        ValueError: There is nothing to play; see `recording_of`.
        OSError: There is no free port.
    """
    recording = recording_of(rows, "This conversation")
    window = tk.Toplevel(root)
    window.withdraw()  # so that no empty one flashes up
    try:
        made = ServerWindow(window, Mode.SILENT, {"port": 0, "recording": recording})
    except OSError:
        window.destroy()
        raise
    window.deiconify()
    return made


def _run_server(root: tk.Tk, make: Callable[[], ListeningWindow], theme: str | None) -> Status:
    _hide_unfinished(root)
    settings = storage.load(storage.folder() / "console.json")
    theme_of(root).use(theme or settings.theme)
    theme_of(root).zoom_to(settings.zoom)
    try:
        window = make()
    except OSError as error:
        root.tk.call("puts", "stderr", printable(str(error.strerror or error)))
        root.destroy()
        return Status.FAILED
    root.deiconify()
    with on_interrupt(loop_for(root), window.close) as interruption:
        root.mainloop()
    return status_of_signal(interruption.signal)
