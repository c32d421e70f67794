"""A bell that any thread can ring to make Tcl call back in the interpreter's thread.

It is a TCP connection over loopback. One end is a Tcl channel, which Tcl can watch on every system, including
Windows, where Tk has no file handlers. The other end is a Python socket: a byte sent on it, from any thread,
makes Tcl call back.

Any program on this machine could connect to the port during setup. So Tcl's end first sends a secret, and
connections that do not send it are closed.

Knows Tcl's channels and sockets; knows nothing of the purpose of the bell.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
import tkinter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"

# Seconds within which the two ends must connect.
CONNECT_TIMEOUT = 5.0

# Where Tcl has file handlers it uses select(), which accepts no descriptor above 1023. The bell stays well
# below, since other threads may open files at the same time.
MAX_DESCRIPTOR = 1000

# Bytes to read at a time; usually there is only one.
_READ_SIZE = 64


class Bell:
    """A bell in one interpreter. All methods but `ring` are for the interpreter's thread.

    Args:
        tkapp: The Tcl interpreter.
        callback: Called by Tcl, with arguments to ignore, until the ring is silenced.

    Raises:
        OSError: No connection over loopback can be made.
    """

    def __init__(self, tkapp: Any, callback: Callable[..., object]) -> None:
        self._tkapp: Any = tkapp
        self._callback: Callable[..., object] | None = callback
        self._channel = self._command = ""
        self._socket: socket.socket | None = None
        self.mend()

    @property
    def broken(self) -> bool:
        """Whether there is no connection."""
        return self._socket is None

    def ring(self) -> None:
        """Make Tcl call back, from any thread."""
        sock = self._socket
        if sock is not None:
            with suppress(OSError):  # full: it is ringing already; broken or closed: `silence` notices
                sock.send(b"\0")

    def silence(self) -> bool:
        """Silence the bell; return whether it was rung or has broken. If it has broken, call `mend` later."""
        try:
            if self._tkapp.call("read", self._channel, _READ_SIZE):
                return True
            if not int(self._tkapp.call("eof", self._channel)):
                return False
        except tkinter.TclError:  # the connection was reset
            pass
        self._disconnect()
        return True

    def mend(self) -> None:
        """Reconnect if the connection has broken; any ring since then is lost.

        Raises:
            OSError: No connection over loopback can be made.
        """
        if self._socket is not None:
            return
        self._channel, self._socket = _connect(self._tkapp)
        self._command = f"tkws_bell_{self._channel}"
        self._tkapp.createcommand(self._command, self._callback)
        # Tcl would remove a script that fails, hence `catch`; `_tkinter` still keeps the exception.
        self._tkapp.call("fileevent", self._channel, "readable", f"catch {self._command}")

    def ignore(self) -> None:
        """Stop calling back, in a forked child; leave the connection open, since the parent uses it."""
        self._tkapp.call("fileevent", self._channel, "readable", "")

    def close(self) -> None:
        """Close both ends, and drop the callback, which may refer to the owner of the bell. Idempotent."""
        self._disconnect()
        self._callback = None

    def _disconnect(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            self._tkapp.call("close", self._channel)
            self._tkapp.deletecommand(self._command)
            sock.close()


def _connect(tkapp: Any) -> tuple[str, socket.socket]:
    """Return a Tcl channel, and the socket that it is connected to.

    Raises:
        OSError: They cannot be connected.
    """
    secret = os.urandom(16).hex()
    with socket.socket() as listener:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: no other program can listen on this port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind((HOST, 0))
        listener.listen()
        _require_low_descriptor(tkapp)
        try:
            channel = str(tkapp.call("socket", HOST, listener.getsockname()[1]))
        except tkinter.TclError as error:
            raise OSError(errno.ECONNREFUSED, f"Tcl cannot connect over loopback: {error}") from error
        try:
            tkapp.call(
                "fconfigure", channel, "-blocking", 0, "-buffering", "none", "-translation", "binary"
            )  # fmt: skip
            tkapp.call("puts", "-nonewline", channel, secret)
            return channel, _accept(listener, secret.encode())
        except BaseException:
            tkapp.call("close", channel)
            raise


def _require_low_descriptor(tkapp: Any) -> None:
    """Raise an error if Tcl would get a descriptor too high for select(): Tcl would abort the process.

    Raises:
        OSError: All low descriptors are in use.
    """
    with socket.socket() as probe:  # takes the lowest free descriptor, as Tcl will
        if hasattr(tkapp, "createfilehandler") and probe.fileno() > MAX_DESCRIPTOR:
            raise OSError(errno.EMFILE, "Tcl has no room for descriptors above 1023")


def _accept(listener: socket.socket, secret: bytes) -> socket.socket:
    """Return the connection that begins with ``secret``; close all others.

    Raises:
        OSError: The connection does not arrive.
    """
    deadline = time.monotonic() + CONNECT_TIMEOUT
    listener.setblocking(False)
    strangers: list[socket.socket] = []
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        try:
            while (seconds := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(seconds):
                    if key.data is None:
                        strangers += _accept_waiting(listener, selector)
                        continue
                    selector.unregister(key.fileobj)
                    if _sends(key.data, secret):
                        strangers.remove(key.data)
                        return _prepared(key.data)
        finally:
            for stranger in strangers:
                stranger.close()
    raise TimeoutError(errno.ETIMEDOUT, "Tcl's connection over loopback does not arrive")


def _accept_waiting(listener: socket.socket, selector: selectors.BaseSelector) -> list[socket.socket]:
    """Accept a connection, and register it with ``selector``; return it in a list, or an empty list."""
    try:
        sock, _ = listener.accept()
    except (BlockingIOError, ConnectionError):  # the client has already gone
        return []
    sock.setblocking(False)
    selector.register(sock, selectors.EVENT_READ, sock)
    return [sock]


def _sends(sock: socket.socket, secret: bytes) -> bool:
    try:
        return sock.recv(len(secret)) == secret
    except OSError:
        return False


def _prepared(sock: socket.socket) -> socket.socket:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
