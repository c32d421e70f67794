"""The servers without a window: they print events and messages.

That for testing clients sends lines of standard input to all of them.
"""

from __future__ import annotations

import tkinter
from collections.abc import Mapping
from typing import Any, TextIO

from tkws.console.between import Between
from tkws.console.interrupt import on_interrupt
from tkws.console.linereader import LineReader
from tkws.console.log import Direction, Log
from tkws.console.output import Output
from tkws.console.payload import printed
from tkws.console.serversession import Mode, ServerSession
from tkws.console.status import Status
from tkws.console.target import Target
from tkws.loop import loop_for


class _Printer:
    """Prints new rows of a log: messages to ``out``, events to ``err``.

    Args:
        marks: The directions of the messages that are printed, and the mark of each. With several of them,
            the mark belongs to the name, so that a pipe has it too.
    """

    def __init__(self, log: Log, out: Output, err: Output, marks: Mapping[Direction, str]) -> None:
        self._log = log
        self._out = out
        self._err = err
        self._marks = marks
        self._next = 0  # the number of the first row that has not been printed

    def print_new(self, *_: Any) -> None:
        new = self._log.next - self._next
        self._next = self._log.next
        for row in self._log.rows[len(self._log.rows) - new :]:
            if row.direction is Direction.NOTE:
                self._err.write(str(row.payload).partition("\n")[0], name=row.peer)
            elif row.direction in self._marks and row.type in ("text", "binary"):
                shown = printed(row.payload)
                mark = self._marks[row.direction]
                if len(self._marks) > 1:
                    self._out.write(shown, name=f"{row.peer} {mark}")
                else:
                    self._out.write(shown, name=row.peer, mark=f"{mark} ")
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
    printer = _Printer(log, messages, errors, {Direction.IN: "<"})
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


def run_between(target: Target, options: dict[str, Any], out: TextIO, err: TextIO) -> Status:
    """Serve between clients and a target until Ctrl-C, and print what passes.

    After the name of the connection, ``>`` marks a message to the target, and ``<`` one from it.

    Args:
        target: The server behind this one.
        options: The keyword arguments of `Between`.
        out: The file for messages.
        err: The file for everything else.
    """
    root = tkinter.Tcl()
    loop = loop_for(root)
    log = Log(capacity=1000)
    errors, messages = Output(err), Output(out)
    printer = _Printer(log, messages, errors, {Direction.OUT: ">", Direction.IN: "<"})
    try:
        between = Between(log, root, printer.print_new, target, **options)
    except OSError as error:
        errors.write(str(error.strerror or error))
        loop.close()
        return Status.FAILED
    printer.print_new()

    def stop() -> None:
        between.close()
        loop.call_later(0.5, root.quit)

    with on_interrupt(loop, stop, (messages, errors)):
        root.mainloop(-1)
    loop.close()
    return Status.CLEAN
