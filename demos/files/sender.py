"""The sending end: a client with a queue of files, which are sent one after the other.

When the line breaks, it connects again by itself, and the file goes on where the receiver has it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import tkws
from demos.files.items import Item, State
from demos.files.messages import decode, encode, key_of


class Sender:
    """Sends files to a receiver.

    Args:
        url: The URL of the receiver.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.
        fragment_size: The size of the frames in bytes.

    Attributes:
        items: The files by their keys, the oldest first.
        problem: A sentence about why there is no connection; empty while there is one.
        on_change: Called with a file after each change.
        on_status: Called when the connection has been made or lost.

    Raises:
        ValueError: The URL or ``fragment_size`` is not valid.
    """

    def __init__(self, url: str, master: tk.Misc, fragment_size: int = 64 * 1024) -> None:
        self.items: dict[str, Item] = {}
        self.problem = "Connecting …"
        self.on_change: Callable[[Item], object] = lambda item: None
        self.on_status: Callable[[], object] = lambda: None
        self._paths: dict[str, Path] = {}
        self._current: Item | None = None
        self._files: set[BinaryIO] = set()
        self._attempt: object = None  # a new one for each message with the contents of a file
        self._ws = tkws.open(
            url,
            self._on_event,
            master=master,
            reconnect=True,
            compression=False,
            fragment_size=fragment_size,
            keepalive=5.0,  # finds out that a line is dead
        )

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None if none is waiting."""
        return self._ws.retry_in

    def send(self, path: Path) -> Item:
        """Put a file into the queue; one that was stopped before goes on where it was.

        Raises:
            OSError: It is not a file, or cannot be read.
        """
        with path.open("rb"):
            key = key_of(path)
        item = self.items.get(key)
        if item is None:
            item = self.items[key] = Item(path.name, path.stat().st_size, key)
        self._paths[key] = path
        if item.state in (State.STOPPED, State.DONE):
            item.state, item.moved = State.WAITING, 0
        self.on_change(item)
        self._send_next()
        return item

    def stop(self, item: Item) -> None:
        """Cancel a file; the connection stays."""
        if item.state not in (State.WAITING, State.MOVING, State.BROKEN):
            return
        self._end(item, "cancelled here")

    def reconnect(self) -> None:
        """Make the next attempt now; a no-op unless one is waiting."""
        if self._ws.retry_in is not None:
            self._ws.reconnect_now()

    def close(self) -> None:
        """Disconnect for good."""
        self._attempt = None
        self._ws.close()
        for file in self._files:
            file.close()

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            try:
                self._handle(decode(message))
            except (ValueError, KeyError):
                ws.close(tkws.CloseCode.POLICY_VIOLATION, "Not a message of this program")
        elif type == "connect":
            self.problem = ""
            self._send_next()
        elif type in ("error", "timeout"):
            self.problem = str(message)
        elif type == "disconnect":
            self.problem = self.problem or ws.close_reason or "The connection was lost"
            self._lost()
        if type in ("connect", "disconnect", "retry"):
            self.on_status()

    def _lost(self) -> None:
        item, self._current, self._attempt = self._current, None, None
        if item is not None and item.state in (State.WAITING, State.MOVING):
            item.state = State.BROKEN
            self.on_change(item)

    def _send_next(self) -> None:
        """Offer the next file, unless one is on its way."""
        if self._current is not None or self._ws.state is not tkws.State.OPEN:
            return
        for item in self.items.values():
            if item.state in (State.BROKEN, State.WAITING):
                item.state, self._current = State.WAITING, item
                self._ws.send(encode("offer", key=item.key, name=item.name, size=item.size))
                self.on_change(item)
                return

    def _handle(self, message: dict[str, Any]) -> None:
        item = self.items[message["key"]]
        if message["type"] == "accept" and item is self._current:
            self._begin(item, message["offset"])
        elif message["type"] == "done" and item is self._current:
            item.state, self._current = State.DONE, None
            item.move_to(item.size)
            self.on_change(item)
            self._send_next()
        elif message["type"] == "stop" and item.state is not State.STOPPED:
            self._end(item, str(message["reason"])[:80])

    def _begin(self, item: Item, offset: Any) -> None:
        if type(offset) is not int or not 0 <= offset <= item.size:
            raise ValueError("the offset is outside the file")
        if self._ws.state is not tkws.State.OPEN:
            return  # the receiver is leaving; the file goes on when it is back
        path = self._paths[item.key]
        try:
            if key_of(path) != item.key:
                raise OSError(None, "the file has changed")
            file = path.open("rb")
        except OSError as error:
            self._end(item, str(error.strerror))
            return
        file.seek(offset)
        self._files.add(file)
        item.begin(offset)
        self._ws.send(encode("begin", key=item.key))
        attempt = self._attempt = object()

        def read(size: int) -> bytes:
            """Read on; once the file was cancelled there is nothing left, which ends the message."""
            return file.read(size) if self._attempt is attempt else b""

        def on_progress(upload: tkws.Upload) -> None:
            if item.state is State.MOVING:
                item.move_to(offset + upload.sent)
                self.on_change(item)

        def on_end(upload: tkws.Upload) -> None:
            file.close()
            self._files.discard(file)
            if isinstance(upload.error, OSError) and self._attempt is attempt:
                self._end(item, f"cannot be read: {upload.error.strerror}")

        self._ws.send_stream(read, on_progress=on_progress, on_end=on_end)
        self.on_change(item)

    def _end(self, item: Item, reason: str) -> None:
        """End a file early, and go on with the next one."""
        item.state, item.reason = State.STOPPED, reason
        if item is self._current:
            self._current = self._attempt = None
            if self._ws.state is tkws.State.OPEN:
                self._ws.send(encode("forget", key=item.key))
        self.on_change(item)
        self._send_next()
