"""A terminal, or pipes: lines come in, and messages and notes go out, in Tk's loop without a window.

If a person types at it, `LineEditor` reads the lines where prompt_toolkit is installed; otherwise
`LineReader` does.
"""

from __future__ import annotations

import os
import sys
import tkinter
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

import tkws
from tkws.console.memory.settings import folder
from tkws.console.terminal.interrupt import on_interrupt
from tkws.console.terminal.linehistory import LineHistory
from tkws.console.terminal.linereader import LineReader
from tkws.console.terminal.output import Colour, Output, Tint
from tkws.console.text.payload import printed
from tkws.loop import loop_for

SENT: Final = ">"
RECEIVED: Final = "<"
"""The marks of messages, by direction."""


class Lines(Protocol):
    """The lines of the input."""

    def read_more(self) -> None:
        """Request more lines; a no-op while a request is pending."""


class Teletype:
    """The terminal of a program; the block of a ``with`` statement in which it is used.

    Args:
        stdin: The file to read lines from.
        stdout: The file for messages.
        stderr: The file for everything else.
        colour: When to write in colours.

    Attributes:
        root: A Tcl interpreter, whose loop runs.
        loop: Its loop.
        out: The output for messages.
        is_typed: Whether a person types the lines.
    """

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO, colour: Colour) -> None:
        self.root: Final = tkinter.Tcl()
        self.loop: Final = loop_for(self.root)
        self.out: Final = Output(stdout, colour)
        self.is_typed: Final = stdin.isatty()
        self._stdin = stdin
        self._err = Output(stderr, colour)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.close()

    def note(self, *lines: str, name: str = "", tint: Tint = Tint.NOTE) -> None:
        """Write what is not a message.

        Args:
            *lines: The lines.
            name: The name of the connection that they are about.
            tint: The colour.
        """
        for line in lines:
            self._err.write(line, name=name, tint=tint)
        self._err.flush()

    def show(self, payload: str | bytes, mark: str, *, name: str = "", is_piped: bool = False) -> None:
        """Write a message, without flushing: a text as it is, bytes in hex.

        Args:
            payload: The message.
            mark: ``<`` or ``>``, for a terminal; for bytes ``0x`` stands after it.
            name: The name of the connection.
            is_piped: Whether a pipe gets the mark too.
        """
        tint = Tint.SENT if mark == SENT else Tint.RECEIVED
        if isinstance(payload, bytes):
            tint = Tint.BINARY
            mark = f"{mark}0x" if self.out.is_terminal else mark
        if is_piped:
            self.out.write(printed(payload), name=f"{name} {mark}", tint=tint)
        else:
            self.out.write(printed(payload), name=name, mark=f"{mark} ", tint=tint)

    def attempt(self, call: Callable[[str], object], line: str) -> None:
        """Call ``call(line)``, and write what was wrong with the line."""
        try:
            call(line)
        except (tkws.WebSocketError, ValueError, OSError) as error:
            self.note(str(error), tint=Tint.ERROR)

    def read(
        self,
        on_lines: Callable[[list[str]], object],
        on_eof: Callable[[], object],
        complete: Callable[[str], list[str]],
    ) -> Lines:
        """Start to read lines.

        Args:
            on_lines: Called with some lines; call ``read_more`` of the result for the next ones.
            on_eof: Called at the end of the input.
            complete: Returns the words that the last word of a line can become.
        """
        if self.is_typed and self.out.is_terminal and _can_edit():
            from tkws.console.terminal.lineeditor import LineEditor

            history = LineHistory(folder() / "lines.jsonl")
            return LineEditor(
                self.root, (self.out, self._err), on_lines, on_eof, complete=complete, history=history
            )
        return LineReader(self.loop, self._stdin.fileno(), on_lines, on_eof)

    def run(self, on_stop: Callable[[], object]) -> None:
        """Run the loop until `quit`.

        Args:
            on_stop: Called at each Ctrl-C, SIGTERM and SIGHUP.
        """
        with on_interrupt(self.loop, on_stop, (self.out, self._err)):
            self.root.mainloop(-1)
            try:
                self.out.flush()
            except BrokenPipeError:
                self.out.discard()

    def quit(self) -> None:
        """End `run`."""
        self.root.quit()


def _can_edit() -> bool:
    if os.environ.get("TERM") == "dumb":
        return False
    return "prompt_toolkit" in sys.modules or find_spec("prompt_toolkit") is not None
