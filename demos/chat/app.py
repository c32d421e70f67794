"""The windows of one process: the first may host the server, more join, the last one ends it all."""

from __future__ import annotations

import getpass
import tkinter as tk
from collections.abc import Callable
from itertools import count

from demos.chat import messages
from demos.chat.host import Host
from demos.chat.person import Line, Place
from demos.chat.window import ChatWindow


class App:
    """The chat's windows over one hidden root.

    Args:
        root: The root; it is hidden, and its loop is left with the last window.
        host: The server, started, where it runs in the first window.
        address: The server's, ``ws://HOST:PORT``.

    Attributes:
        windows: Those that are open.
        heard: Called with each line of each window.
    """

    def __init__(self, root: tk.Tk, address: str, host: Host | None = None) -> None:
        root.withdraw()
        self.root = root
        self.address = address
        self.windows: list[ChatWindow] = []
        self.heard: Callable[[ChatWindow, Place, Line], object] = lambda window, place, line: None
        self._host = host
        self._numbers = count(1)

    def open_window(self, nick: str = "", geometry: str = "") -> ChatWindow:
        """Open one more participant's window.

        Args:
            nick: The nickname; empty to ask for it.
            geometry: Size and place as Tk writes them; empty for the usual ones.

        Raises:
            BadMessageError: For what is no nickname.
        """
        number = next(self._numbers)
        suggested = default_nick() if number == 1 else f"{default_nick()[: messages.MOST_NICK - 3]} {number}"
        window = ChatWindow(
            self.root,
            self.address,
            nick or suggested,
            ask=not nick,
            host=self._host if number == 1 else None,
            page_url=self.address.replace("ws", "http", 1) + "/",
            new_window=self.open_window,
            heard=self._pass_on,
            closed=self._window_closed,
        )
        if geometry:
            window.geometry(geometry)
        self.windows.append(window)
        return window

    def close(self) -> None:
        """Close every window, which leaves the loop."""
        for window in reversed(self.windows):
            window.close()

    def _pass_on(self, window: ChatWindow, place: Place, line: Line) -> None:
        self.heard(window, place, line)

    def _window_closed(self, window: ChatWindow) -> None:
        self.windows.remove(window)
        if not self.windows:
            self.root.quit()


def default_nick() -> str:
    """Return the name of the person at the computer, as far as it makes a nickname."""
    try:
        return messages.check_nick(getpass.getuser()[: messages.MOST_NICK])
    except (OSError, KeyError, messages.BadMessageError):  # no such name in the system
        return "guest"
