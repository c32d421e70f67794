"""The entries of the windows' menus, with their keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import messagebox, ttk

from tkws.console.client.copyas import FORMS
from tkws.console.conversation.columnmenu import delta_label
from tkws.console.conversation.conversation import Conversation
from tkws.console.conversation.files import Files
from tkws.console.look import Action, edit_actions, is_pane_shown, last_focus, theme_of
from tkws.console.send.sending import Sending
from tkws.console.window.about import VERSION
from tkws.console.window.addressbar import AddressBar

_OTHER_KEYS = """\
Return in the address field: connect
Return in the message box: send
Shift+Return in the message box: new line
Up and Down in the message box: earlier messages
Return in the table: put the selected message into the box, to be sent again
Escape in the filter: show everything
Ctrl+F in the message: find; Return and Shift+Return: next and previous match
- and + in the message: fold and unfold its JSON
Tab: next control"""

Menu = list[Action | None]
"""The entries of a menu; None is a separator."""


def file_menu(files: Files, quit: Callable[[], object]) -> Menu:
    """Return the menu for saved conversations."""
    return [
        Action("Open a conversation…", files.open, "o"),
        Action("Save the conversation…", files.save, "s"),
        Action("Save what is shown…", partial(files.save, shown_only=True), "Shift-S"),
        None,
        Action("Quit", quit, "q"),
    ]


def address_menu(address: AddressBar) -> Menu:
    """Return the part of a menu for the address and its options."""
    return [
        Action("Go to the address", address.focus_address, "l"),
        Action("Options", address.toggle_options, "F4"),
    ]


def copy_menu(copy: Callable[[str], object]) -> Menu:
    """Return the part of a menu that copies the connection as a program or a command; see `copyas.FORMS`."""
    return [Action(f"Copy as {name}", partial(copy, name)) for name in FORMS]


def replay_menu(sending: Sending) -> Menu:
    """Return the part of a menu for replays."""
    return [
        Action("Replay the messages sent", sending.replay_log, "F8"),
        Action("Replay a file…", sending.replay_file, "Shift-R"),
        Action("Replay a file without delays…", partial(sending.replay_file, speed=float("inf"))),
        Action("Stop the replay", sending.stop_replay, "F9"),
    ]


def edit_menu(conversation: Conversation) -> Menu:
    """Return the menu for editing the field, box or table that has the focus, and for filtering."""
    rows = conversation.table.rows_widget
    focused = last_focus(conversation.winfo_toplevel(), rows)
    return [
        *edit_actions(lambda: edited if isinstance(edited := focused(), tk.Text | ttk.Entry) else rows),
        None,
        Action("Clear the table…", conversation.ask_and_clear, "k"),
        Action("Filter", conversation.filter.focus_text, "f"),
        Action("Find in the message", conversation.find_in_message, "i"),
        Action("Show everything", conversation.filter.clear, "Shift-F"),
    ]


def rows_menu(conversation: Conversation, send_again: Callable[[], object]) -> Menu:
    """Return the context menu of the table."""
    return [
        Action("Copy", conversation.copy, "c"),
        Action("Send again…", send_again, "r"),
        None,
        Action("Select all", conversation.table.select_all, "a"),
    ]


def follow_menu(conversation: Conversation) -> Menu:
    """Return the part of a menu for following new rows."""
    return [
        Action("Go to the table", conversation.go_to_table, "m"),
        Action("Follow the newest row", conversation.table.follow, "n"),
        Action(lambda: "Resume" if conversation.paused else "Pause", conversation.toggle_pause, "F7"),
    ]


def live_menu(conversation: Conversation) -> Menu:
    """Return the part of a menu for the views of live data, and of one message."""
    live, watch = conversation.live, conversation.watch
    return [
        Action(lambda: "All messages" if live.is_by_key else "By key", live.toggle, "g"),
        Action(lambda: f"{'Hide' if is_pane_shown(live.plot) else 'Show'} the plot", live.toggle_plot, "j"),
        None,
        Action(lambda: f"{'Hide' if watch.is_shown else 'Show'} the watches", watch.toggle, "Shift-W"),
        Action("Next marked row", conversation.show_next_mark, "Shift-N"),
        None,
        *_message_menu(conversation),
    ]


def theme_action(window: tk.Misc, toggle: Callable[[], object]) -> Action:
    """Return the entry that switches between the light and the dark theme."""
    return Action(lambda: "Light" if theme_of(window).is_dark else "Dark", toggle, "d")


def pane_action(name: str, pane: tk.Widget, toggle: Callable[[], object], key: str) -> Action:
    """Return the entry that shows or hides a pane."""
    return Action(lambda: f"{'Hide' if is_pane_shown(pane) else 'Show'} {name}", toggle, key)


def help_menu(window: tk.Misc) -> Menu:
    """Return the help menu."""
    return [
        Action("Keys", partial(_show_keys, window), "F1"),
        Action("About", partial(_show_about, window)),
    ]


def _message_menu(conversation: Conversation) -> Menu:
    """Return the part of a menu for the columns of the table and the message that is shown in full."""
    detail, table = conversation.detail, conversation.table
    return [
        Action("Columns…", conversation.choose_columns),
        Action(partial(delta_label, table), table.toggle_delta, "Shift-E"),
        Action("Changes since the message before", detail.show_changes, "Shift-D"),
        Action("Fold the JSON", detail.fold_all),
        Action("Unfold the JSON", detail.unfold_all),
    ]


def _show_keys(window: tk.Misc) -> None:
    messagebox.showinfo(
        "Keys", "The menus show most keys. These are the others:", detail=_OTHER_KEYS, parent=window
    )


def _show_about(window: tk.Misc) -> None:
    messagebox.showinfo("tkws console", VERSION, detail="A WebSocket console.", parent=window)
