"""The messages that a script expects of a connection: so many that match a pattern, within a time."""

from __future__ import annotations

import re

from tkws.plurals import counted


class Expectation:
    """Counts the messages that match.

    Args:
        pattern: A regular expression (`re`), searched in each message as it is printed: a text as it is, a
            binary message in lower-case hex.
        count: How many messages are to match.
        within: How long they may take from the start of the program, in seconds; ``inf``: forever.

    Attributes:
        within: As above.

    Raises:
        ValueError: The pattern is not a regular expression, or the count is less than 1.
    """

    def __init__(self, pattern: str, count: int, within: float) -> None:
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"--expect: a regular expression, not {pattern!r}: {error}") from None
        if count < 1:
            raise ValueError(f"--count: 1 or more, not {count}")
        self.within: float = within
        self._count = count
        self._matched = 0

    @property
    def is_met(self) -> bool:
        """Whether all have come."""
        return self._matched >= self._count

    def note(self, message: str) -> bool:
        """Note a message; return whether it is the last one that was expected."""
        if self.is_met or not self._pattern.search(message):
            return False
        self._matched += 1
        return self.is_met

    def __str__(self) -> str:
        return f"{self._matched} of {counted(self._count, 'message')} matched {self._pattern.pattern!r}"
