"""The server without a window: what happens is printed, lines of standard input go to everybody."""

from __future__ import annotations

import tkinter
from typing import Any, TextIO

from tkws.console.interrupt import on_interrupt
from tkws.console.lines import Lines
from tkws.console.log import Direction, Log
from tkws.console.output import Output
from tkws.console.serving import Mode, Serving
from tkws.console.status import Status
from tkws.loop import loop_for


class _Printer:
    """Prints the rows of a log as they come: messages to ``out``, notes to ``err``."""

    def __init__(self, log: Log, out: Output, err: Output) -> None:
        self._log = log
        self._out = out
        self._err = err
        self._next = 0

    def print_new(self, *_: Any) -> None:
        new = self._log.next - self._next
        self._next = self._log.next
        for row in self._log.rows[len(self._log.rows) - new :]:
            if row.direction is Direction.NOTE:
                self._err.write(str(row.payload), name=row.peer)
            elif row.direction is Direction.IN and row.type in ("text", "binary"):
                shown = row.payload if isinstance(row.payload, str) else row.payload.hex()
                self._out.write(shown, name=row.peer, mark="< ")
        self._err.flush()
        self._out.flush()


def run(mode: Mode, settings: dict[str, Any], fd: int, out: TextIO, err: TextIO) -> Status:
    """Serve until Ctrl-C.

    Args:
        mode: What is done with messages.
        settings: The arguments of `Serving`.
        fd: The descriptor that lines are read from; its end ends nothing.
        out: Where messages go.
        err: Where everything else goes.
    """
    root = tkinter.Tcl()
    loop = loop_for(root)
    log = Log(capacity=1000)
    told = Output(err)
    printer = _Printer(log, Output(out), told)
    try:
        serving = Serving(log, mode, root, printer.print_new, **settings)
    except OSError as error:
        told.write(str(error.strerror or error))
        loop.close()
        return Status.FAILED
    printer.print_new()

    def take(lines: list[str]) -> None:
        for line in lines:
            serving.send(line)
        reader.more()

    def stop() -> None:
        if serving.server.closed or not serving.names:
            root.quit()
        serving.close()
        loop.call_later(1.0, root.quit)

    reader = Lines(loop, fd, take, lambda: None)
    with on_interrupt(loop, stop):
        root.mainloop(-1)
    loop.close()
    return Status.CLEAN
