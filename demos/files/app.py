"""The windows of one process: a receiver and a sender that is connected to it."""

from __future__ import annotations

import tkinter as tk

from demos.files.receiver import Receiver
from demos.files.sender import Sender
from demos.files.window import ReceiveWindow, SendWindow
from demos.look import theme_of


class App:
    """The receiver in the root window, and a sender beside it.

    Args:
        root: The window.
        receiver: The receiver.
        fragment_size: The size of the frames that are sent, in bytes.

    Attributes:
        receiver: The receiver.
        receive: The window of the receiver.
        send: The window of the sender.
    """

    def __init__(self, root: tk.Tk, receiver: Receiver, fragment_size: int) -> None:
        self.receiver = receiver
        self.receive = ReceiveWindow(root, receiver)
        root.update_idletasks()
        top = tk.Toplevel(root)
        url = receiver.server.url
        self.send = SendWindow(top, Sender(url, root, fragment_size), url)
        px = theme_of(root).px
        left = min(root.winfo_rootx() + px(584), root.winfo_screenwidth() - px(560))
        top.geometry(f"+{max(left, 0)}+{root.winfo_rooty()}")
        top.protocol("WM_DELETE_WINDOW", root.quit)

    def close(self) -> None:
        """Close both ends."""
        self.send.close()
        self.receive.close()
