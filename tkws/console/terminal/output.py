"""The output of the terminal mode: unchanged to a pipe, safe from forgery to a terminal.

A peer's text may contain control sequences, line breaks and invisible characters. On a terminal each of
them is written as an escape, and every row of the screen begins with a mark. Long lines are wrapped here
rather than by the terminal; otherwise a row could begin with a peer's text. Colours repeat what the marks
say.
"""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from functools import lru_cache
from typing import TextIO

from tkws.errors import printable

_CONTINUATION = "| "
_MIN_COLUMNS = 10  # beside the mark; a narrower terminal wraps the lines itself
_MAX_MARKS = 4  # on one letter, as in pointed Hebrew; more of them would be drawn over other rows


class Colour(StrEnum):
    """When to write in colours."""

    AUTO = "auto"
    """To a terminal, unless the environment has ``NO_COLOR`` (https://no-color.org) or ``TERM=dumb``."""
    ALWAYS = "always"
    NEVER = "never"


class Tint(Enum):
    """The colours of the mark and of the text, as parameters of SGR (ECMA-48, 8.3.117)."""

    PLAIN = "", ""
    RECEIVED = "32", ""
    BINARY = "35", ""
    SENT = "34", ""
    NOTE = "2", "2"
    ERROR = "31", "31"


class Output:
    """A text stream to a terminal or to another program.

    Args:
        file: The file to write to. Characters that its encoding lacks are written as escapes.
        colour: When to write in colours.

    Attributes:
        is_terminal: Whether it is a terminal.
        before_write: Called before each write to a terminal, to make room on it.
    """

    def __init__(self, file: TextIO, colour: Colour = Colour.AUTO) -> None:
        self.is_terminal: bool = file.isatty()
        self.before_write: Callable[[], object] = lambda: None
        self._is_coloured = colour is Colour.ALWAYS or (
            colour is not Colour.NEVER and self.is_terminal and _are_colours_welcome()
        )
        self._file = file
        self._is_writing = False
        if isinstance(file, io.TextIOWrapper) and file.errors == "strict":
            file.reconfigure(errors="backslashreplace")

    def write(self, text: str, *, name: str = "", mark: str = "", tint: Tint = Tint.PLAIN) -> None:
        """Write a text of one or more lines.

        Args:
            text: The text.
            name: The name of the sender, written before the text; on a terminal, before each row.
            mark: On a terminal, the mark of the first row, after the name; further rows have ``|``.
            tint: The colour of the mark and the name, and of the text.
        """
        head = f"{name} " if name else ""
        if not self.is_terminal:
            self._write(f"{self._coloured(head, tint.value[0])}{self._coloured(text, tint.value[1])}\n")
            return
        self.before_write()
        for row in self._rows(text, len(head), max(len(mark), len(_CONTINUATION))):
            first = self._coloured(f"{head}{mark}", tint.value[0])
            self._write(f"{first}{self._coloured(row, tint.value[1])}\n")
            mark = _CONTINUATION

    def write_json(self, line: str) -> None:
        """Write a line of JSON; on a terminal, with JSON escapes for invisible characters."""
        if self.is_terminal:
            self.before_write()
            line = "".join(char if printable(char) == char else _json_escape(char) for char in line)
        self._write(f"{line}\n")

    def flush(self) -> None:
        """Flush the buffer."""
        self._write("", self._file.flush)

    def interrupt(self) -> None:
        """Discard the output if a write blocks at present; for the handler of a signal.

        Raises:
            TimeoutError: A write blocks; it does not leave that.
        """
        if self._is_writing:
            raise TimeoutError

    def discard(self) -> None:
        """Write to nowhere from now on, since the reader has gone, such as ``| head``, or does not read."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())  # otherwise the interpreter's last flush would fail
        os.close(null)

    def _write(self, text: str, flush: Callable[[], object] = lambda: None) -> None:
        try:
            self._is_writing = True
            self._file.write(text)
            flush()
            self._is_writing = False
        except TimeoutError:
            self._is_writing = False
            self.discard()
        finally:
            self._is_writing = False

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def _coloured(self, text: str, sgr: str) -> str:
        return f"\x1b[{sgr}m{text}\x1b[m" if sgr and text and self._is_coloured else text

    def _rows(self, text: str, name: int, mark: int) -> Iterator[str]:
        width = self._columns() - name - mark
        for line in text.split("\n"):
            shown = printable(line)
            if not shown.isascii():
                shown = _escape_stacked_marks(shown)
            yield from _wrap(shown, width) if width >= _MIN_COLUMNS else [shown]

    def _columns(self) -> int:
        """Return the width of the terminal; 0 if it is unknown."""
        try:
            return os.get_terminal_size(self._file.fileno()).columns
        except (OSError, ValueError):
            return 0


def _are_colours_welcome() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.platform != "win32" or "WT_SESSION" in os.environ  # older consoles show the sequences as text


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1] if char > "\uffff" else f"\\u{ord(char):04x}"


def _escape_stacked_marks(line: str) -> str:
    """Escape combining characters without a letter before them, and those beyond `_MAX_MARKS`."""
    shown = []
    marks = _MAX_MARKS
    for char in line:
        marks = 0 if _columns_of(char) else marks + 1
        shown.append(char if marks <= _MAX_MARKS else ascii(char)[1:-1])
    return "".join(shown)


def _wrap(line: str, width: int) -> Iterator[str]:
    """Split a line into pieces of ``width`` columns; only an empty line gives an empty piece."""
    if line.isascii():
        yield line[:width]
        for start in range(width, len(line), width):
            yield line[start : start + width]
        return
    begin = column = 0
    for index, char in enumerate(line):
        columns = _columns_of(char)
        if column + columns > width:
            yield line[begin:index]
            begin, column = index, 0
        column += columns
    yield line[begin:]


@lru_cache(4096)
def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
