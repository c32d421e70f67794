"""Tags what patterns match in a text widget, while its text grows."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Sequence

from tkws.console.message.matches import Matches, Span
from tkws.console.message.shown import ShownText


class Highlights:
    """The highlights of one tag.

    Args:
        widget: The text widget.
        shown: Its text.
        tag: The tag of what matches.
    """

    def __init__(self, widget: tk.Text, shown: ShownText, tag: str) -> None:
        self._widget = widget
        self._shown = shown
        self._tag = tag
        self._patterns: Sequence[re.Pattern[str]] = ()
        self._matches: list[Matches] = []

    @property
    def spans(self) -> list[Span]:
        """Where the matches of the first pattern are that have been found, in order."""
        return self._matches[0].spans if self._matches else []

    @property
    def is_full(self) -> bool:
        """Whether no more matches are looked for, since there are so many."""
        return any(matches.is_full for matches in self._matches)

    @property
    def is_done(self) -> bool:
        """Whether all of the text that there is has been searched."""
        return all(matches.is_done for matches in self._matches)

    def look_for(self, patterns: Sequence[re.Pattern[str]]) -> None:
        """Look for other patterns."""
        self._patterns = patterns
        self.restart()

    def restart(self) -> None:
        """Look for the same patterns again, in another text."""
        self._widget.tag_remove(self._tag, "1.0", "end")
        self._matches = [Matches(self._shown, pattern) for pattern in self._patterns]

    def advance(self) -> None:
        """Search one more slice for each pattern."""
        for matches in self._matches:
            for begin, end in matches.advance():
                self._widget.tag_add(self._tag, *self._shown.span(begin, end))
