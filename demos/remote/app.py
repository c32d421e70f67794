"""The windows of one process: the house and the remotes that were opened from it, or one remote."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from demos.look import theme_of
from demos.remote.controller import ControllerWindow
from demos.remote.guests import Guest
from demos.remote.host import Host
from demos.remote.window import HouseWindow


class House:
    """The window of the house, which is the root, and remotes in windows of their own.

    Args:
        root: The window.
        host: The server.

    Attributes:
        host: The server.
        window: The contents of the window.
        remotes: The remotes of this process.
    """

    def __init__(self, root: tk.Tk, host: Host) -> None:
        self._root = root
        self.host = host
        self.window = HouseWindow(root, host, self.open_remote)
        self.remotes: list[ControllerWindow] = []

    def open_remote(self, guest: Guest, on_ready: Callable[[], object] = lambda: None) -> ControllerWindow:
        """Open the window of a guest, who is connected as from another machine."""
        top = tk.Toplevel(self._root)
        remote = ControllerWindow(top, self.host.url, guest.token, on_ready)
        self._place(top)
        self.remotes.append(remote)
        top.protocol("WM_DELETE_WINDOW", lambda: self._close_remote(remote, top))
        return remote

    def close(self) -> None:
        """Close the server and the remotes."""
        for remote in self.remotes:
            remote.close()
        self.host.close()

    def _place(self, top: tk.Toplevel) -> None:
        """Put a window to the right of the house and below the last one, or as far as the screen goes."""
        self._root.update_idletasks()
        gap = theme_of(self._root).px(24)
        right = self._root.winfo_rootx() + self._root.winfo_width() + gap
        wide = theme_of(self._root).px(560)
        left = max(0, min(right, self._root.winfo_screenwidth() - wide))
        height = theme_of(self._root).px(480) + gap
        above = [remote.winfo_toplevel().winfo_rooty() for remote in self.remotes]
        upper = above[-1] + height if above else self._root.winfo_rooty()
        if upper + height > self._root.winfo_screenheight():
            upper = self._root.winfo_rooty() + gap * len(above)
        top.geometry(f"+{left}+{upper}")

    def _close_remote(self, remote: ControllerWindow, top: tk.Toplevel) -> None:
        remote.close()
        self.remotes.remove(remote)
        top.destroy()
