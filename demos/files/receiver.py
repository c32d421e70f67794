"""The receiving end: a server that writes the files that are sent to it into a folder.

An incomplete file is hidden: ``.KEY.part``. A sender that comes back goes on where that ends.
"""

from __future__ import annotations

import shutil
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import tkws
from demos.files.items import Item, State
from demos.files.messages import MAX_BYTES, decode, encode, safe_name

_SPARE = 50 * 1024 * 1024  # bytes of the disk that are left free


class Receiver:
    """Receives files; it starts at once.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.
        folder: The folder, which exists.
        address: The IP address or name to listen on.
        port: The port; 0 for a free one.
        limit: The most bytes per second of each sender; None for any number.

    Attributes:
        server: The server.
        items: The files by their keys, the oldest first.
        on_change: Called with a file after each change.

    Raises:
        OSError: The port is in use, or the address does not belong to this machine.
    """

    def __init__(
        self,
        master: tk.Misc,
        folder: Path,
        address: str = "127.0.0.1",
        port: int = 0,
        limit: int | None = None,
    ) -> None:
        self.folder = folder
        self.items: dict[str, Item] = {}
        self.on_change: Callable[[Item], object] = lambda item: None
        self._senders: dict[str, tkws.WebSocket] = {}
        self._files: set[BinaryIO] = set()
        self.server = tkws.serve(
            address,
            port,
            master=master,
            max_message=MAX_BYTES,
            max_bytes_per_second=limit,
            compression=False,  # most large files are compressed already
        )
        self.server.live("/", self._on_event)

    def stop(self, item: Item, reason: str = "stopped by the receiver") -> None:
        """Refuse the rest of a file; what has come is kept for another try."""
        ws = self._senders.pop(item.key, None)
        if ws is not None:
            _send(ws, "stop", key=item.key, reason=reason)
        self._end(item, State.STOPPED, reason)

    def close(self) -> None:
        """Close the server; files that are not complete stay as they are."""
        self.server.close()
        for file in self._files:
            file.close()
        self._files.clear()

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            try:
                self._handle(ws, decode(message))
            except (ValueError, KeyError):
                ws.close(tkws.CloseCode.POLICY_VIOLATION, "Not a message of this program")
        elif type == "disconnect":
            for key in [key for key, sender in self._senders.items() if sender is ws]:
                del self._senders[key]
                item = self.items[key]
                if item.state in (State.MOVING, State.WAITING):
                    self._end(item, State.BROKEN)

    def _handle(self, ws: tkws.WebSocket, message: dict[str, Any]) -> None:
        key = message["key"]
        if message["type"] == "offer":
            self._answer(ws, key, safe_name(message["name"]), message["size"])
        elif message["type"] == "begin":
            self._begin(ws, self.items[key])
        elif self._senders.get(key) is not ws:
            return  # stopped meanwhile
        elif message["type"] == "forget":
            del self._senders[key]
            self._end(self.items[key], State.STOPPED, "cancelled by the sender")

    def _answer(self, ws: tkws.WebSocket, key: str, name: str, size: Any) -> None:
        if type(size) is not int or size < 0:
            raise ValueError("the size of a file is a number of bytes")
        before = self._senders.pop(key, None)
        if before is not None and before is not ws:  # most likely the same sender, whose old line is dead
            before.close(tkws.CloseCode.POLICY_VIOLATION, "Another connection sends the same file")
        item = self.items.pop(key, None) or Item(name, size, key)
        self.items[key] = item
        part = self._part(key)
        item.moved = min(part.stat().st_size, size) if part.exists() else 0
        if shutil.disk_usage(self.folder).free < size - item.moved + _SPARE:
            _send(ws, "stop", key=key, reason="the receiver's disk is full")
            self._end(item, State.STOPPED, "the disk is full")
            return
        self._senders[key] = ws
        item.state = State.WAITING
        _send(ws, "accept", key=key, offset=item.moved)
        self.on_change(item)

    def _begin(self, ws: tkws.WebSocket, item: Item) -> None:
        """Receive the binary message that follows; drop it if the file was stopped meanwhile."""
        if self._senders.get(item.key) is not ws:
            ws.receive_into(lambda data: None)
            return
        try:
            file = self._part(item.key).open("ab")
            file.truncate(item.moved)
        except OSError as error:
            ws.receive_into(lambda data: None)
            self.stop(item, f"the receiver cannot write: {error.strerror}")
            return
        self._files.add(file)
        start = item.moved
        item.begin(start)

        def is_current() -> bool:
            return item.state is State.MOVING and self._senders.get(item.key) is ws

        def write(data: bytes) -> None:
            if not is_current():
                return
            file.write(data)
            file.flush()  # the size of the file is where the next attempt begins

        def on_progress(download: tkws.Download) -> None:
            if is_current():
                item.move_to(start + download.received)
                self.on_change(item)

        def on_end(download: tkws.Download) -> None:
            file.close()
            self._files.discard(file)
            if is_current():
                self._ended(ws, item, start + download.received, download.error)

        ws.receive_into(write, max_size=item.size - start, on_progress=on_progress, on_end=on_end)
        self.on_change(item)

    def _ended(self, ws: tkws.WebSocket, item: Item, moved: int, error: Exception | None) -> None:
        if isinstance(error, OSError):
            self.stop(item, f"the receiver cannot write: {error.strerror}")
            return
        item.move_to(moved)
        if error is not None:
            self._senders.pop(item.key, None)
            self._end(item, State.BROKEN)
        elif moved == item.size:
            self._keep(ws, item)
        # Else the sender has cancelled it, and says so with the next message.

    def _keep(self, ws: tkws.WebSocket, item: Item) -> None:
        target = self.folder / item.name
        number = 1
        while target.exists():
            number += 1
            target = self.folder / f"{Path(item.name).stem} ({number}){Path(item.name).suffix}"
        self._part(item.key).rename(target)
        self._senders.pop(item.key, None)
        _send(ws, "done", key=item.key)
        self._end(item, State.DONE)

    def _part(self, key: str) -> Path:
        return self.folder / f".{key}.part"

    def _end(self, item: Item, state: State, reason: str = "") -> None:
        item.state, item.reason = state, reason
        self.on_change(item)


def _send(ws: tkws.WebSocket, type: str, **fields: Any) -> None:
    """Send a message, unless the sender is about to leave."""
    if ws.state is tkws.State.OPEN:
        ws.send(encode(type, **fields))
