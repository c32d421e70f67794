"""The windows: one sends files, the other receives them."""

from __future__ import annotations

import subprocess
import sys
import tkinter as tk
from collections.abc import Callable, Iterable
from pathlib import Path
from tkinter import filedialog, ttk
from urllib.parse import unquote, urlsplit

from demos.files.items import Item
from demos.files.receiver import Receiver
from demos.files.row import Row
from demos.files.sender import Sender
from demos.look import theme_of

_TICK_MS = 200
_MAX_PATH = 36  # characters of the name of a folder that are shown


class FilesFrame(ttk.Frame):
    """The contents of either window: a heading, a button, the files, a line about the connection.

    Args:
        top: The window.
        title: The heading.
        hint: A sentence below it.
        button: The text of the button.
        command: Called when it is pressed.

    Attributes:
        rows: The line of each file, by its key.
        status: The line about the connection.
        foot: The frame of that line; a button may be added in column 1.
    """

    def __init__(
        self, top: tk.Tk | tk.Toplevel, title: str, hint: str, button: str, command: Callable[[], object]
    ) -> None:
        super().__init__(top)
        self._theme = theme = theme_of(top)
        gap = theme.px(16)
        top.title(f"{title} - tkws files")
        top.configure(background=theme.colours.surface)
        top.geometry(theme.size(560, 420))
        top.minsize(theme.px(480), theme.px(320))
        self.rows: dict[str, Row] = {}
        header = ttk.Frame(self, padding=(gap, gap // 2))
        ttk.Label(header, text=title, style="Title.TLabel").grid(row=0, column=0, sticky="w")
        self._hint = ttk.Label(header, text=hint, style="Small.TLabel")
        self._hint.grid(row=1, column=0, sticky="ew")
        self._hint.bind("<Configure>", lambda event: self._hint.configure(wraplength=event.width))
        self.button = ttk.Button(header, text=button, command=command)
        self.button.grid(row=0, column=1, rowspan=2, padx=(gap, 0))
        header.columnconfigure(0, weight=1)
        header.grid(row=0, column=0, sticky="ew")
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=1, column=0, sticky="ew")
        self._make_list(gap).grid(row=2, column=0, sticky="nsew")
        self.foot = ttk.Frame(self, style="Side.TFrame", padding=(gap, gap // 4))
        self.status = ttk.Label(self.foot, style="Status.TLabel", compound="left")
        self.status.grid(row=0, column=0, sticky="w")
        self.foot.grid(row=3, column=0, sticky="ew")
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)
        self.pack(fill="both", expand=True)

    def show_item(
        self, item: Item, on_stop: Callable[[Item], object], on_again: Callable[[Item], object] | None = None
    ) -> None:
        """Show a file; the first time, on a new line."""
        if item.key not in self.rows:
            self._empty.pack_forget()
            self.rows[item.key] = Row(self._list, item, on_stop, on_again)
            self.rows[item.key].pack(fill="x")
        self.rows[item.key].show()

    def show_status(self, text: str, colour: str) -> None:
        """Show a sentence about the connection, with a disc of a colour."""
        self.status.configure(text=f" {text}", image=self._theme.disc(9, colour))

    def _make_list(self, gap: int) -> ttk.Frame:
        """Return a list that can be scrolled."""
        outer = ttk.Frame(self, padding=(gap, gap // 2, gap // 2, gap // 2))
        canvas = tk.Canvas(outer, width=1, height=1, highlightthickness=0, borderwidth=0)
        canvas.configure(background=self._theme.colours.surface)
        bar = ttk.Scrollbar(outer, command=canvas.yview)

        def show_bar(first: float | str, last: float | str) -> None:
            bar.set(first, last)
            needed = float(last) - float(first) < 1.0
            if needed != bool(bar.winfo_manager()):
                if needed:
                    bar.pack(side="right", fill="y", padx=(gap // 2, 0), before=canvas)
                else:
                    bar.pack_forget()

        canvas.configure(yscrollcommand=show_bar)
        self._list = ttk.Frame(canvas)
        inner = canvas.create_window(0, 0, anchor="nw", window=self._list)
        canvas.bind("<Configure>", lambda event: canvas.itemconfigure(inner, width=event.width))
        self._list.bind("<Configure>", lambda event: canvas.configure(scrollregion=canvas.bbox("all")))
        self._empty = ttk.Label(self._list, text="No files yet.", style="Small.TLabel")
        self._empty.pack(anchor="w")
        canvas.pack(side="left", fill="both", expand=True)
        return outer


class ReceiveWindow(FilesFrame):
    """Shows what a receiver gets.

    Args:
        top: The window.
        receiver: The receiver.
    """

    def __init__(self, top: tk.Tk | tk.Toplevel, receiver: Receiver) -> None:
        folder = str(receiver.folder)
        folder = folder if len(folder) <= _MAX_PATH else f"… {folder[-_MAX_PATH:]}"
        hint = f"What is sent to {receiver.server.url} goes into {folder}"
        super().__init__(top, "Receive", hint, "Open folder", self._open_folder)
        self._receiver = receiver
        receiver.on_change = lambda item: self.show_item(item, receiver.stop)
        self.show_status(f"Listening at {receiver.server.url}", self._theme.colours.good)

    def close(self) -> None:
        """Close the server."""
        self._receiver.close()

    def _open_folder(self) -> None:
        opener = {"darwin": ["open"], "win32": ["explorer"]}.get(sys.platform, ["xdg-open"])
        try:
            subprocess.Popen([*opener, str(self._receiver.folder)], stderr=subprocess.DEVNULL)
        except OSError:
            self.bell()


class SendWindow(FilesFrame):
    """Sends files that the user chooses, or pastes from a file manager.

    Args:
        top: The window.
        sender: The sender.
    """

    def __init__(self, top: tk.Tk | tk.Toplevel, sender: Sender, url: str) -> None:
        hint = (
            "Choose a large file, or paste files that you have copied in a file manager. "
            "Cancel it and go on: it continues where it was."
        )
        super().__init__(top, "Send", hint, "Choose files …", self._choose)
        self.sender, self._url = sender, url
        self._countdown: str | None = None
        self._now = ttk.Button(self.foot, text="now", style="Bare.TButton", command=sender.reconnect)
        sender.on_change = lambda item: self.show_item(item, sender.stop, self._again)
        sender.on_status = self._show_connection
        top.bind("<<Paste>>", lambda event: self.paste())
        self._paths: dict[str, Path] = {}
        self._show_connection()

    def send_files(self, paths: Iterable[Path]) -> None:
        """Send files; what cannot be read is told below."""
        for path in paths:
            try:
                self._paths[self.sender.send(path).key] = path
            except OSError as error:
                self.show_status(f"{path.name}: {error.strerror}", self._theme.colours.bad)

    def paste(self) -> None:
        """Send the files whose paths or ``file:`` URLs are in the clipboard."""
        try:
            text = self.clipboard_get()
        except tk.TclError:  # it is empty
            return
        lines = [line.strip() for line in text.splitlines()]
        paths = [Path(unquote(urlsplit(line).path) if line.startswith("file:") else line) for line in lines]
        self.send_files(path for path in paths if path.is_file())

    def close(self) -> None:
        """Disconnect."""
        self.sender.close()
        if self._countdown is not None:
            self.after_cancel(self._countdown)

    def _choose(self) -> None:
        self.send_files(Path(name) for name in filedialog.askopenfilenames(parent=self, title="Send files"))

    def _again(self, item: Item) -> None:
        self.send_files([self._paths[item.key]])

    def _show_connection(self) -> None:
        if self._countdown is not None:
            self.after_cancel(self._countdown)
            self._countdown = None
        sender, colours = self.sender, self._theme.colours
        if not sender.problem:
            self.show_status(f"Connected to {self._url}", colours.good)
        elif sender.retry_in is not None:
            self.show_status(
                f"{sender.problem.rstrip('.')}. Next attempt in {sender.retry_in:.0f} s ·", colours.waiting
            )
            self._countdown = self.after(_TICK_MS, self._show_connection)
        else:
            self.show_status(sender.problem, colours.waiting)
        if sender.problem and sender.retry_in is not None:
            self._now.grid(row=0, column=1)
        else:
            self._now.grid_remove()
