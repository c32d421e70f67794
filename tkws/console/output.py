"""What the terminal mode writes: to a pipe as it is, to a terminal so that nobody can forge it.

What a peer says may hold control sequences, line breaks and characters that cannot be seen. On a
terminal each of them is written as an escape, and every row of the screen begins with a mark: a long
line is broken here and not by the terminal, or its rest would begin a row with a peer's words.
"""

from __future__ import annotations

import io
import json
import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TextIO

from tkws.errors import printable

_CONTINUED = "| "
_LEAST_ROOM = 10  # columns beside the mark; where a terminal has fewer, it breaks the lines itself
_MOST_MARKS = 4  # on one letter, as in pointed Hebrew; a heap of them is drawn over the rows around it


class Output:
    """A stream for one person or one program.

    Args:
        file: Where to write. Characters that its encoding lacks are written as escapes.

    Attributes:
        is_terminal: Whether somebody looks at it.
    """

    def __init__(self, file: TextIO) -> None:
        self.is_terminal = file.isatty()
        self._file = file
        if isinstance(file, io.TextIOWrapper) and file.errors == "strict":
            file.reconfigure(errors="backslashreplace")

    def write(self, text: str, *, name: str = "", mark: str = "") -> None:
        """Write a text of one line or several.

        Args:
            text: What it says.
            name: Whose it is; it is written before the text, on a terminal before each row.
            mark: What its first row begins with on a terminal, after the name; the others have ``|``.
        """
        head = f"{name} " if name else ""
        if not self.is_terminal:
            self._file.write(f"{head}{text}\n")
            return
        for row in self._rows(text, len(head)):
            self._file.write(f"{head}{mark}{row}\n")
            mark = _CONTINUED

    def write_json(self, line: str) -> None:
        """Write a line of JSON; on a terminal what cannot be seen is escaped as JSON does it."""
        if self.is_terminal:
            line = "".join(char if printable(char) == char else _json_escape(char) for char in line)
        self._file.write(f"{line}\n")

    def flush(self) -> None:
        """Write what is buffered."""
        self._file.flush()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def _rows(self, text: str, used: int) -> Iterator[str]:
        width = self._columns() - used - len(_CONTINUED)
        for line in text.split("\n"):
            shown = printable(line)
            if not shown.isascii():
                shown = _without_heaps(shown)
            yield from _broken(shown, width) if width >= _LEAST_ROOM else [shown]

    def _columns(self) -> int:
        """Return the width of the terminal; 0 for one that does not say it."""
        try:
            return os.get_terminal_size(self._file.fileno()).columns
        except (OSError, ValueError):
            return 0


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1] if char > "\uffff" else f"\\u{ord(char):04x}"


def _without_heaps(line: str) -> str:
    """Escape combining characters that have no letter before them, or too many of their kind."""
    shown = []
    marks = _MOST_MARKS
    for char in line:
        marks = 0 if _columns_of(char) else marks + 1
        shown.append(char if marks <= _MOST_MARKS else ascii(char)[1:-1])
    return "".join(shown)


def _broken(line: str, width: int) -> Iterator[str]:
    """Break a line into pieces of ``width`` columns; the last may be empty only where the line is."""
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
