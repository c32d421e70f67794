"""The console's menus, and with them its keys."""

from __future__ import annotations

from functools import partial
from tkinter import messagebox
from typing import TYPE_CHECKING

import tkws
from tkws.console.conversation import Conversation
from tkws.console.look import Action, theme_of

if TYPE_CHECKING:
    from tkws.console.window import Console

_BESIDES = """\
Return in the address: connect
Return in the box below: send
Shift+Return there: a new line
Up and Down there: what was sent before
Return in the table: send the selected messages again
Escape in the filter: show everything
Tab leads through all of it."""


def menus_of(console: Console) -> dict[str, list[Action | None]]:
    """Return the menus, each a list of actions; None separates them."""
    return {
        "File": _file(console),
        "Connection": _connection(console),
        "Message": _message(console),
        "Edit": edit_menu(console.conversation),
        "View": _view(console),
        "Help": [
            Action("Keys", partial(_show_keys, console), "F1"),
            Action("About", partial(_show_about, console)),
        ],
    }


def edit_menu(talk: Conversation) -> list[Action | None]:
    """Return the menu of what is done with a conversation."""
    return [
        Action("Copy", talk.copy, "c", local=True),
        Action("Select all", talk.table.select_all, "a", local=True),
        Action("Clear", talk.clear, "k"),
        None,
        Action("Filter", talk.filter.text.focus_set, "f"),
        Action("Show everything", talk.filter.clear, "Shift-F"),
    ]


def rows_menu(console: Console) -> list[Action | None]:
    """Return the menu of what is done with the selected messages."""
    talk = console.conversation
    return [
        Action("Copy", talk.copy, "c"),
        Action("Send again", console.send_again, "r"),
        None,
        Action("Select all", talk.table.select_all, "a"),
    ]


def follow_menu(talk: Conversation) -> list[Action | None]:
    """Return the part of a menu about what is in sight."""
    return [
        Action("Go to the table", talk.go_to_table, "m"),
        Action("Follow the newest", talk.table.follow, "n"),
        Action(lambda: "Go on" if talk.paused else "Pause", talk.pause, "F7"),
    ]


def _file(console: Console) -> list[Action | None]:
    files = console.files
    return [
        Action("Open a conversation…", files.open, "o"),
        Action("Save the conversation…", files.save, "s"),
        Action("Save what is shown…", partial(files.save, shown_only=True), "Shift-S"),
        None,
        Action("Quit", console.close, "q"),
    ]


def _connection(console: Console) -> list[Action | None]:
    def hold() -> str:
        return "Go on reading" if console.held else "Stop reading, let the server wait"

    return [
        Action("Connect, or connect again", console.connect, "F5"),
        Action("Disconnect", console.session.disconnect, "F6"),
        Action(
            lambda: "Go on reading" if console.held else "Stop reading, let the server wait", console.hold
        ),
        None,
        Action("Go to the address", console.address.address.focus_set, "l"),
        Action("Options", console.address.toggle_options, "F4"),
    ]


def _message(console: Console) -> list[Action | None]:
    files = console.files
    return [
        Action("Go to the box", console.sendbox.text.focus_set, "e"),
        Action("Send a file…", files.send, "t"),
        Action("Ping", lambda: console.send("ping", b""), "p"),
        Action("Send again what is selected", console.send_again, "r"),
        None,
        Action("Replay what was sent", files.replay_log, "F8"),
        Action("Replay a file…", files.replay_file, "Shift-R"),
        Action("Replay a file at once…", partial(files.replay_file, speed=float("inf"))),
        Action("Stop the replay", files.stop_replay, "F9"),
    ]


def _view(console: Console) -> list[Action | None]:
    def side() -> str:
        return "Hide the side panel" if console.side.winfo_manager() else "Show the side panel"

    def detail() -> str:
        return "Hide the details" if console.conversation.detail.winfo_manager() else "Show the details"

    return [
        *follow_menu(console.conversation),
        None,
        Action(side, console.toggle_side, "F2"),
        Action(detail, console.toggle_detail, "F3"),
        Action(lambda: "Light" if theme_of(console).is_dark else "Dark", console.toggle_theme, "d"),
    ]


def _show_keys(console: Console) -> None:
    messagebox.showinfo("Keys", "The menus show the keys.", detail=_BESIDES, parent=console)


def _show_about(console: Console) -> None:
    messagebox.showinfo(
        "tkws console", f"tkws {tkws.__version__}", detail="A WebSocket console inside Tk.", parent=console
    )
