"""The server without a window: prints events and messages, sends lines of standard input to all clients."""

from __future__ import annotations

import tkinter
from typing import Any, TextIO

from tkws.console.interrupt import on_interrupt
from tkws.console.linereader import LineReader
from tkws.console.log import Direction, Log
from tkws.console.output import Output
from tkws.console.serversession import Mode, ServerSession
from tkws.console.status import Status
from tkws.loop import loop_for


class _Printer:
    """Prints new rows of a log: messages to ``out``, events to ``err``."""

    def __init__(self, log: Log, out: Output, err: Output) -> None:
        self._log = log
        self._out = out
        self._err = err
        self._next = 0  # the number of the first row that has not been printed

    def print_new(self, *_: Any) -> None:
        new = self._log.next - self._next
        self._next = self._log.next
        for row in self._log.rows[len(self._log.rows) - new :]:
            if row.direction is Direction.NOTE:
                self._err.write(str(row.payload).partition("\n")[0], name=row.peer)
            elif row.direction is Direction.IN and row.type in ("text", "binary"):
                shown = row.payload if isinstance(row.payload, str) else row.payload.hex()
                self._out.write(shown, name=row.peer, mark="< ")
        self._err.flush()
        self._out.flush()


def run(mode: Mode, settings: dict[str, Any], fd: int, out: TextIO, err: TextIO) -> Status:
    """Serve until Ctrl-C.

    Args:
        mode: The way to handle messages.
        settings: The arguments of `ServerSession`.
        fd: The descriptor to read lines from; the server keeps running at the end of the input.
        out: The file for messages.
        err: The file for everything else.
    """
    root = tkinter.Tcl()
    loop = loop_for(root)
    log = Log(capacity=1000)
    errors = Output(err)
    messages = Output(out)
    printer = _Printer(log, messages, errors)
    try:
        session = ServerSession(log, mode, root, printer.print_new, **settings)
    except OSError as error:
        errors.write(str(error.strerror or error))
        loop.close()
        return Status.FAILED
    printer.print_new()

    def send(lines: list[str]) -> None:
        for line in lines:
            session.send(line)
        reader.read_more()

    def stop() -> None:
        if session.server.closed or not session.names:
            root.quit()
        session.close()
        loop.call_later(1.0, root.quit)

    reader = LineReader(loop, fd, send, lambda: None)
    with on_interrupt(loop, stop, (messages, errors)):
        root.mainloop(-1)
    loop.close()
    return Status.CLEAN
