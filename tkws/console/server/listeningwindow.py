"""The frame of a server's window: the conversation, a pane at its side, the box to send from."""

from __future__ import annotations

import tkinter as tk
from abc import ABC, abstractmethod
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from tkws.console.conversation.conversation import Conversation
from tkws.console.conversation.files import Files
from tkws.console.log.log import Log
from tkws.console.look import (
    add_field_menus,
    add_menu_bar,
    edit_as_elsewhere,
    is_pane_shown,
    show_pane,
    theme_of,
)
from tkws.console.look.banner import Banner
from tkws.console.send.sendbox import SendBox
from tkws.console.window import menus
from tkws.console.window.window import ROOM_FOR_PANES


class ListeningWindow(ttk.Frame, ABC):
    """The contents of a window; a subclass makes the server and the pane at the side, and lays them out.

    Args:
        root: The window, empty.
        placeholder: Returns what stands in the table while it is empty.

    Attributes:
        head: The frame above the conversation.
    """

    def __init__(self, root: tk.Tk | tk.Toplevel, placeholder: Callable[[], str]) -> None:
        self._timer = ""
        self._destroyed = False
        super().__init__(root)
        if isinstance(root, tk.Tk):  # otherwise the first window has done so, for all
            edit_as_elsewhere(root)
            add_field_menus(root)
        self.root: Final = root
        self.log: Final = Log()
        self.head: Final = ttk.Frame(self)
        self.banner: Final = Banner(self)
        self._panes: Final = ttk.PanedWindow(self, orient="horizontal")
        self._counts: Final = ttk.Label(self, style="Small.TLabel")
        self._done: Final = ttk.Label(self, style="Small.TLabel", anchor="e")
        self.conversation: Final = Conversation(
            self._panes,
            self.log,
            lambda counts: self._counts.configure(text=counts),
            placeholder=placeholder,
            on_error=self.banner.show,
            with_peers=True,
        )
        self.files: Final = Files(
            self.conversation, lambda sentence: self._done.configure(text=sentence), self.banner.show
        )
        self.sendbox: Final = SendBox(self, self.send, None, self.banner.show)
        self.sendbox.enable(True)

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect."""

    @property
    @abstractmethod
    def side(self) -> tk.Widget:
        """The pane at the side of the conversation."""

    @abstractmethod
    def send(self, kind: str, payload: str | bytes) -> bool:
        """Send what stands in the box; return whether any connection got it."""

    @abstractmethod
    def refresh(self) -> None:
        """Show the present state."""

    @abstractmethod
    def close_server(self) -> None:
        """Stop listening, and start to close all connections."""

    def copy_url(self) -> None:
        """Copy the server's address to the clipboard."""
        self.clipboard_clear()
        self.clipboard_append(self.url)

    def toggle_theme(self) -> None:
        """Switch between the light and the dark theme."""
        theme = theme_of(self)
        theme.use("light" if theme.is_dark else "dark")

    def toggle_side(self) -> None:
        """Show or hide the pane at the side, until the size of the window changes."""
        show_pane(self._panes, self.side, not is_pane_shown(self.side))

    def close(self) -> None:
        """Close all connections, and destroy the window."""
        self.close_server()
        self.root.after(0, self.root.destroy)  # after the Close frames have been sent

    def destroy(self) -> None:
        """Cancel the timer, end the server, and destroy the widget."""
        self._destroyed = True
        if self._timer:  # set last when the window is made: it has a server
            self.close_server()
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def add_url(self, parent: ttk.Frame) -> None:
        """Show the server's address in a frame, with a button that copies it."""
        label = ttk.Label(parent, text=self.url, style="Title.TLabel")
        copy = ttk.Button(parent, text="Copy", style="Quiet.TButton", command=self.copy_url, width=6)
        label.pack(side="left")
        copy.pack(side="left", padx=theme_of(self).px(10))

    def open(self, title: str, size: tuple[int, int], bar: dict[str, menus.Menu], update_ms: int) -> None:
        """Show the window; called when it has been laid out.

        Args:
            title: The title.
            size: The width and height, at 96 dpi; half of either is the least.
            bar: The menus, but for the one for help.
            update_ms: The time between two calls of `refresh`.
        """
        theme = theme_of(self)
        add_menu_bar(self.root, menus.with_help(self, bar))
        self.root.title(title)
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        self.root.geometry(theme.size(*size))
        self.root.minsize(theme.px(size[0] // 2), theme.px(size[1] // 2))
        self.bind("<Configure>", self._resized)
        self.pack(fill="both", expand=True)
        self._update(update_ms)

    def _update(self, update_ms: int) -> None:
        self.refresh()
        self._timer = self.after(update_ms, self._update, update_ms)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Hide the panes beside and below the table if the window is too small for them."""
        px = theme_of(self).px
        show_pane(self._panes, self.side, event.width >= px(ROOM_FOR_PANES[0]))
        self.conversation.show_detail(event.height >= px(ROOM_FOR_PANES[1]))
