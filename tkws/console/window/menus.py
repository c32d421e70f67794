"""The entries of the windows' menus, with their keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from functools import partial
from tkinter import messagebox, ttk

from tkws.console.client.copyas import FORMS
from tkws.console.conversation.columnmenu import delta_label
from tkws.console.conversation.conversation import Conversation
from tkws.console.conversation.files import Files
from tkws.console.log.log import Row
from tkws.console.look import Action, edit_actions, is_pane_shown, last_focus, theme_of
from tkws.console.send.sendbox import SendBox
from tkws.console.send.sending import Sending
from tkws.console.window.about import VERSION
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.keysheet import KeySheet

Menu = list[Action | None]
"""The entries of a menu; None is a separator."""


def file_menu(files: Files, conversation: Conversation, quit: Callable[[], object]) -> Menu:
    """Return the menu for saved conversations."""
    has_rows = conversation.has_rows
    return [
        Action("Open a conversation…", files.open, "o"),
        Action("Save the conversation…", files.save, "s", possible=has_rows),
        Action("Save what is shown…", partial(files.save, shown_only=True), "Shift-S", possible=has_rows),
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


def sending_menu(
    sending: Sending,
    conversation: Conversation,
    send: Callable[[str, str | bytes], object],
    send_again: Callable[[], object],
) -> Menu:
    """Return the part of a menu that sends once.

    Args:
        sending: Sends files.
        conversation: Its selected messages are sent again.
        send: Called with ``"message"`` or ``"ping"``, and what to send.
        send_again: Called to send the selected messages again.
    """

    def is_open() -> bool:
        return sending.is_open

    def is_any_selected() -> bool:
        return has_messages(conversation.table.selection)

    return [
        Action("Send a file…", sending.send_file, "t", possible=is_open),
        Action("Ping", partial(send, "ping", b""), "p", possible=is_open),
        Action("Send the selected messages again…", send_again, "r", possible=is_any_selected),
        Action("Send an empty message", partial(send, "message", ""), possible=is_open),
    ]


def json_menu(sendbox: SendBox) -> Menu:
    """Return the part of a menu that lays out the JSON in the message box."""

    def is_typed() -> bool:
        return bool(sendbox.entry.text.strip())

    return [
        Action("Lay out the JSON", sendbox.beautify, "Shift-J", possible=is_typed),
        Action("JSON on one line", sendbox.minify, possible=is_typed),
    ]


def replay_menu(sending: Sending) -> Menu:
    """Return the part of a menu for replays."""
    return [
        Action("Replay the messages sent", sending.replay_log, "F8", possible=lambda: sending.has_sent),
        Action("Replay a file…", sending.replay_file, "Shift-R"),
        Action("Replay a file without delays…", partial(sending.replay_file, speed=float("inf"))),
        Action("Stop the replay", sending.stop_replay, "F9", possible=lambda: sending.replay is not None),
    ]


def edit_menu(conversation: Conversation) -> Menu:
    """Return the menu for editing the field, box or table that has the focus, and for filtering."""
    rows = conversation.table.rows_widget
    focused = last_focus(conversation.winfo_toplevel(), rows)
    return [
        *edit_actions(lambda: edited if isinstance(edited := focused(), tk.Text | ttk.Entry) else rows),
        None,
        Action("Clear the table…", conversation.ask_and_clear, "k", possible=conversation.has_rows),
        Action("Filter", conversation.filter.focus_text, "f"),
        Action("Find in the message", conversation.find_in_message, "i"),
        Action(
            "Show everything",
            conversation.filter.clear,
            "Shift-F",
            possible=lambda: not conversation.filter.filter.passes_all,
        ),
    ]


def has_messages(rows: Iterable[Row]) -> bool:
    """Return whether there are messages among rows that can be sent again."""
    return any(row.type in ("text", "binary") for row in rows)


def rows_menu(conversation: Conversation, send_again: Callable[[], object]) -> Menu:
    """Return the context menu of the table."""

    def is_any_selected() -> bool:
        return bool(conversation.table.selection)

    return [
        Action("Copy", conversation.copy, "c", possible=is_any_selected),
        Action("Send again…", send_again, "r", possible=lambda: has_messages(conversation.table.selection)),
        None,
        Action("Select all", conversation.table.select_all, "a", possible=conversation.has_rows),
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


def look_menu(window: tk.Misc, toggle: Callable[[], object]) -> Menu:
    """Return the part of a menu for the theme, light or dark, and the size of everything."""
    theme = theme_of(window)
    return [
        Action(lambda: "Light" if theme.is_dark else "Dark", toggle, "d"),
        Action("Larger", lambda: theme.zoom_to(theme.zoom + 1), "plus"),
        Action("Smaller", lambda: theme.zoom_to(theme.zoom - 1), "minus"),
        Action("Usual size", lambda: theme.zoom_to(0), "0", possible=lambda: theme.zoom != 0),
    ]


def pane_action(name: str, pane: tk.Widget, toggle: Callable[[], object], key: str) -> Action:
    """Return the entry that shows or hides a pane."""
    return Action(lambda: f"{'Hide' if is_pane_shown(pane) else 'Show'} {name}", toggle, key)


def with_help(window: tk.Misc, bar: dict[str, Menu]) -> dict[str, Menu]:
    """Return the menus of a window with one for help, which shows their keys."""
    bar["Help"] = [
        Action("Keys", lambda: KeySheet(window, bar), "F1", also="slash"),
        Action("About", partial(_show_about, window)),
    ]
    return bar


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


def _show_about(window: tk.Misc) -> None:
    messagebox.showinfo("tkws console", VERSION, detail="A WebSocket console.", parent=window)
