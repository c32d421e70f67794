"""Finds what a pattern matches in a text that grows by slices, also across two of them.

Knows no widget.
"""

from __future__ import annotations

import re

from tkws.console.message.shown import ShownText

MAX_MATCHES = 10_000
"""How many matches are looked for; to mark more of them would take too long."""

_OVERLAP = 1000  # characters before a slice that a match may begin in

Span = tuple[int, int]


class Matches:
    """The matches of a pattern; empty ones do not count.

    Args:
        text: The text.
        pattern: The pattern.

    Attributes:
        spans: Where the matches found so far begin and end.
    """

    def __init__(self, text: ShownText, pattern: re.Pattern[str]) -> None:
        self.spans: list[Span] = []
        self._text = text
        self._pattern = pattern
        self._next = 0  # the slice to search
        self._window = ""  # the text that has been searched, but not without what follows
        self._begin = 0  # where it begins

    @property
    def is_full(self) -> bool:
        """Whether there are as many matches as are looked for."""
        return len(self.spans) >= MAX_MATCHES

    @property
    def is_done(self) -> bool:
        """Whether all of the text that there is has been searched, or enough of it."""
        return self.is_full or self._next >= len(self._text.slices)

    def advance(self) -> list[Span]:
        """Search one more slice, and return the matches that are new or have become longer."""
        if self.is_done:
            return []
        start = self._restart()
        self._window += self._text.slices[self._next]
        self._next += 1
        found = []
        for match in self._pattern.finditer(self._window, start - self._begin):
            if match.end() > match.start():
                found.append((self._begin + match.start(), self._begin + match.end()))
                if len(self.spans) + len(found) >= MAX_MATCHES:
                    break
        self.spans += found
        return found

    def _restart(self) -> int:
        """Return where to search on, and forget the text before: a match at the end may become longer."""
        end = self._begin + len(self._window)
        if self.spans and self.spans[-1][1] == end:
            start = self.spans.pop()[0]
        else:
            start = max(end - _OVERLAP, self.spans[-1][1] if self.spans else 0, 0)
        kept = max(start - 1, self._begin)  # one more, so that ^ and \b do not match where they should not
        self._window = self._window[kept - self._begin :]
        self._begin = kept
        return start
