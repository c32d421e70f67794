"""The text that a text widget shows of a message, and where its characters are in the widget.

Knows no widget. The widget breaks long lines where the text has no break, and Tk 8.6 counts a character
beyond U+FFFF as two.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from tkws.console.text.reading import Kind, Part

_WIDE = re.compile("[\U00010000-\U0010ffff]")


class ShownText:
    """A text that grows by slices.

    Args:
        is_utf16: Whether the widget counts a character beyond U+FFFF as two.

    Attributes:
        slices: The text, without the breaks in long lines.
        length: Its length in characters.
        json_length: How much of it, from the beginning, is JSON with indents.
        is_complete: Whether there is no more to come.
    """

    def __init__(self, *, is_utf16: bool = False) -> None:
        self._is_utf16 = is_utf16
        self.clear()

    def clear(self) -> None:
        """Remove the text; more is to come."""
        self.slices: list[str] = []
        self.length: int = 0
        self.json_length: int = 0
        self.is_complete: bool = False
        self._begins: list[int] = []  # where each slice begins
        self._lines = [0]  # where each line of the widget begins
        self._own_lines = [0]  # likewise, without the breaks in long lines
        self._wide: list[int] = []  # where the characters are that count as two

    def add(self, parts: Iterable[Part]) -> None:
        """Add a slice."""
        texts: list[str] = []
        self._begins.append(self.length)
        for text, kind in parts:
            if kind is Kind.BREAK:
                self._lines.append(self.length)
                continue
            begin = self.length
            lines = [begin + match.end() for match in re.finditer("\n", text)]
            self._lines += lines
            self._own_lines += lines
            if self._is_utf16 and not text.isascii():
                self._wide += [begin + match.start() for match in _WIDE.finditer(text)]
            texts.append(text)
            self.length += len(text)
            if kind is Kind.JSON:
                self.json_length = self.length
        self.slices.append("".join(texts))

    def lines(self, first: int, last: int) -> tuple[int, str]:
        """Return where the text begins that is on these lines of the widget, in whole lines; and the text."""
        begin = self._lines[min(first, len(self._lines)) - 1]
        begin = self._own_lines[bisect_right(self._own_lines, begin) - 1]
        end = self._lines[last] if last < len(self._lines) else self.length
        return begin, self.text(begin, end)

    def text(self, begin: int, end: int) -> str:
        """Return the text from ``begin`` to ``end``."""
        first = bisect_right(self._begins, begin) - 1
        pieces = []
        for number in range(max(first, 0), len(self.slices)):
            at = self._begins[number]
            if at >= end:
                break
            pieces.append(self.slices[number][max(begin - at, 0) : end - at])
        return "".join(pieces)

    @property
    def line_count(self) -> int:
        """How many lines the widget has."""
        return len(self._lines)

    def line_of(self, offset: int) -> int:
        """Return the line of the widget, from 1, in which a character is."""
        return bisect_right(self._lines, offset)

    def end_of_line(self, line: int) -> int:
        """Return where a line of the widget ends."""
        return self._lines[line] - 1 if line < len(self._lines) else self.length

    def index(self, offset: int) -> str:
        """Return the widget's index of a character."""
        line, column = self._place(offset)
        return f"{line}.{column}"

    def span(self, begin: int, end: int) -> tuple[str, str]:
        """Return the widget's indices of the characters from ``begin`` to ``end``, of which there is one."""
        line, column = self._place(end - 1)
        at = bisect_left(self._wide, end - 1)
        is_wide = at < len(self._wide) and self._wide[at] == end - 1
        return self.index(begin), f"{line}.{column + 1 + is_wide}"

    def _place(self, offset: int) -> tuple[int, int]:
        line = self.line_of(offset)
        begin = self._lines[line - 1]
        wide = bisect_left(self._wide, offset) - bisect_left(self._wide, begin)
        return line, offset - begin + wide
