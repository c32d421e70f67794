"""JSON with line breaks and indents, a slice at a time, so that a text of any size can be read.

Nothing but white space changes: numbers, escapes and repeated keys stay as they came. Text that turns out
not to be JSON is passed on as it is, from where it no longer was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SLICE = 16 << 10
"""About how many characters to return at once."""

_INDENT = "  "
_MAX_DEPTH = 1000  # deeper, a line would be mostly indent
_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<string>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")"""
    r"|(?P<scalar>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
    r"|(?P<mark>[{}\[\],:]))"
)
_VALUE, _FIRST_ITEM, _FIRST_KEY, _KEY, _COLON, _NEXT = (
    "value",
    "item or ]",
    "key or }",
    "key",
    ":",
    ", or end",
)


def looks_like_json(text: str) -> bool:
    """Return whether a text begins as a JSON object or array does."""
    return re.match(r"[ \t\r\n]*[{\[]", text) is not None


class Formatter:
    """Formats one text.

    Args:
        text: A text for which `looks_like_json` is True.

    Attributes:
        failed_at: Where the text is found not to be JSON; None as long as it is.
    """

    def __init__(self, text: str) -> None:
        self.failed_at: int | None = None
        self._text = text
        self._at = 0
        self._open: list[str] = []  # the brackets that close what is open
        self._wanted = _VALUE

    def slices(self) -> Iterator[str]:
        """Return the formatted text in slices, and then the rest as it is if it is not JSON."""
        parts: list[str] = []
        size = 0
        while not (self._wanted is _NEXT and not self._open):
            part = self._take()
            if part is None:
                self.failed_at = self._next()
                break
            parts.append(part)
            size += len(part)
            if size >= SLICE:
                yield "".join(parts)
                parts, size = [], 0
        if self.failed_at is None and self._next() < len(self._text):
            self.failed_at = self._next()
        yield "".join(parts)
        if self.failed_at is not None:
            for at in range(self._at, len(self._text), SLICE):
                yield self._text[at : at + SLICE]

    def _next(self) -> int:
        """Return where the next token is, or the end of the text."""
        space = _SPACE.match(self._text, self._at)
        return space.end() if space else self._at

    def _take(self) -> str | None:
        """Return the next token with its white space; None if it must not stand there."""
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            return None
        kind, token = match.lastgroup, match[match.lastgroup or 0]
        part = self._mark(token) if kind == "mark" else self._scalar(token, is_string=kind == "string")
        if part is not None:
            self._at = match.end()
        return part

    def _scalar(self, token: str, *, is_string: bool) -> str | None:
        wanted = self._wanted
        if wanted in (_KEY, _FIRST_KEY):
            self._wanted = _COLON
            return (self._line() if wanted is _FIRST_KEY else "") + token if is_string else None
        if wanted in (_VALUE, _FIRST_ITEM):
            self._wanted = _NEXT
            return (self._line() if wanted is _FIRST_ITEM else "") + token
        return None

    def _mark(self, token: str) -> str | None:
        wanted = self._wanted
        if token in "{[" and wanted in (_VALUE, _FIRST_ITEM) and len(self._open) < _MAX_DEPTH:
            before = self._line() if wanted is _FIRST_ITEM else ""
            self._open.append("}" if token == "{" else "]")
            self._wanted = _FIRST_KEY if token == "{" else _FIRST_ITEM
            return before + token
        if token in "}]" and self._open and token == self._open[-1]:
            is_empty = wanted is (_FIRST_KEY if token == "}" else _FIRST_ITEM)
            if not (is_empty or wanted is _NEXT):
                return None
            self._open.pop()
            self._wanted = _NEXT
            return token if is_empty else self._line() + token
        if token == "," and wanted is _NEXT and self._open:
            self._wanted = _KEY if self._open[-1] == "}" else _VALUE
            return "," + self._line()
        if token == ":" and wanted is _COLON:
            self._wanted = _VALUE
            return ": "
        return None

    def _line(self) -> str:
        return "\n" + _INDENT * len(self._open)
