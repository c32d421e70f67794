"""The messages that were sent from the box before, and the text that was typed but not sent.

Knows no widget. Stepping through the history loses nothing: what is left unsent, a draft or a changed old
message, is there again when one comes back to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

MAX_ENTRIES = 200


class Entry(NamedTuple):
    """The contents of the box."""

    kind: str
    """How it is sent: one of `tkws.console.sendbox.KINDS`."""
    text: str


class History:
    """The entries, the oldest first, and a place among them; the last place is that of a new message.

    Args:
        entries: The messages that were sent before.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: Final = list(entries)[-MAX_ENTRIES:]
        self._at = len(self.entries)
        self._unsent: dict[int, Entry] = {}  # by place

    def step(self, steps: int, present: Entry) -> Entry | None:
        """Move on, or back if ``steps`` is negative, as far as there are entries.

        Args:
            steps: How far to move.
            present: The contents of the box now; it is kept for its place.

        Returns:
            The new contents of the box; None if the place is the same.
        """
        to = min(max(self._at + steps, 0), len(self.entries))
        if to == self._at:
            return None
        self._unsent[self._at] = present
        self._at = to
        stored = self.entries[to] if to < len(self.entries) else Entry(present.kind, "")
        return self._unsent.get(to, stored)

    def add(self, sent: Entry) -> None:
        """Append what was sent, unless it is the last entry already, and go to the last place.

        A draft that was left there for the sake of an old message stays.
        """
        draft = self._unsent.get(len(self.entries)) if self._at < len(self.entries) else None
        if sent.text and self.entries[-1:] != [sent]:
            self.entries.append(sent)
            del self.entries[:-MAX_ENTRIES]
        self._at = len(self.entries)
        self._unsent = {} if draft is None else {self._at: draft}

    @property
    def draft(self) -> Entry | None:
        """The text that was left unsent at the last place; None if there is nothing."""
        return self._unsent.get(len(self.entries))
