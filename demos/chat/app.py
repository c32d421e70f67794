"""The windows of one process. The first one may host the server; closing the last one ends the program."""

from __future__ import annotations

import getpass
import tkinter as tk
from collections.abc import Callable
from itertools import count

from demos.chat import messages
from demos.chat.host import Host
from demos.chat.person import JoinedRoom, Line
from demos.chat.window import ChatWindow
from demos.look import theme_of

_HINT = (
    "To try: write a line here, and see it in the other window. Chat, Open in browser lets a web page join. "
    "Chat, Stop the server shows what happens then."
)


class App:
    """The chat's windows over one hidden root.

    Args:
        root: The root; it is hidden, and its loop ends with the last window.
        address: The address of the server, ``ws://HOST:PORT``.
        host: The server, started, if it runs in the first window.

    Attributes:
        windows: The open windows.
        on_line: Called as ``on_line(window, room, line)`` for each line of each window.
    """

    def __init__(self, root: tk.Tk, address: str, host: Host | None = None) -> None:
        root.withdraw()
        self.root = root
        self.address = address
        self.windows: list[ChatWindow] = []
        self.on_line: Callable[[ChatWindow, JoinedRoom, Line], object] = lambda window, room, line: None
        self._host = host
        self._numbers = count(1)

    def open_window(self, nick: str = "", geometry: str = "") -> ChatWindow:
        """Open a window for one more participant.

        Args:
            nick: The nickname; empty to ask for it.
            geometry: Size and position in Tk's notation; empty for the defaults.

        Raises:
            BadMessageError: ``nick`` is not a valid nickname.
        """
        number = next(self._numbers)
        suggested = default_nick() if number == 1 else f"{default_nick()[: messages.MAX_NICK - 3]} {number}"
        window = ChatWindow(
            self.root,
            self.address,
            nick or suggested,
            ask=not nick,
            host=self._host if number == 1 else None,
            page_url=self.address.replace("ws", "http", 1) + "/",
            on_new_window=self.open_window,
            on_line=self._forward_line,
            on_close=self._window_closed,
        )
        if geometry:
            window.geometry(geometry)
        self.windows.append(window)
        return window

    def open_pair(self, geometry: str = "") -> None:
        """Open two windows side by side, for two people, with a line that says what to try.

        Args:
            geometry: Size and position of the first one, in Tk's notation; empty for the defaults.
        """
        nick = default_nick()
        first = self.open_window(nick, geometry)
        self.root.update_idletasks()
        second = self.open_window(f"{nick[: messages.MAX_NICK - 3]} 2")
        gap = theme_of(self.root).px(20)
        width = first.winfo_reqwidth() if first.winfo_width() <= 1 else first.winfo_width()
        left = min(first.winfo_rootx() + width + gap, self.root.winfo_screenwidth() - width)
        second.geometry(f"+{max(left, 0)}+{first.winfo_rooty()}")
        for window in (first, second):
            window.show_hint(_HINT)

    def close(self) -> None:
        """Close all windows, which ends the loop."""
        for window in reversed(self.windows):
            window.close()

    def _forward_line(self, window: ChatWindow, room: JoinedRoom, line: Line) -> None:
        self.on_line(window, room, line)

    def _window_closed(self, window: ChatWindow) -> None:
        self.windows.remove(window)
        if not self.windows:
            self.root.quit()


def default_nick() -> str:
    """Return the name of the user as a nickname."""
    try:
        return messages.check_nick(getpass.getuser()[: messages.MAX_NICK])
    except (OSError, KeyError, messages.BadMessageError):  # the system has no name, or not a valid one
        return "guest"
