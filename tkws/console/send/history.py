"""The messages that were sent from the box before, and the text that was typed but not sent.

Knows no widget. Stepping through the history loses nothing: what is left unsent, a draft or a changed old
message, is there again when one comes back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

MAX_ENTRIES = 200


class Entry(NamedTuple):
    """The contents of the box."""

    kind: str
    """How it is sent: one of `tkws.console.send.sendbox.KINDS`."""
    text: str


class History:
    """The entries, the oldest first, and a place among them; the last place is that of a new message.

    Args:
        entries: The messages that were sent before.

    Attributes:
        entries: The entries.
        load: Returns the entries of all windows, each time that one begins to go back; None if there is no
            other.
        keep: Called with each new entry.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = list(entries)[-MAX_ENTRIES:]
        self.load: Callable[[], list[Entry]] | None = None
        self.keep: Callable[[Entry], object] = lambda entry: None
        self._at = len(self.entries)
        self._unsent: dict[int, Entry] = {}  # by place

    def restart(self, unsent: Sequence[Entry]) -> Entry | None:
        """Go to the last place of another history, that of `load`.

        Args:
            unsent: The messages left unsent there, the newest last. All but that become entries.

        Returns:
            The newest; None without any.
        """
        self.entries, self._unsent = [], {}
        self._load()
        for entry in unsent[:-1]:
            self.add(entry)
        self._at = len(self.entries)
        return unsent[-1] if unsent else None

    def step(self, steps: int, present: Entry) -> Entry | None:
        """Move on, or back if ``steps`` is negative, as far as there are entries.

        Args:
            steps: How far to move.
            present: The contents of the box now; it is kept for its place.

        Returns:
            The new contents of the box; None if the place is the same.
        """
        if self._at == len(self.entries) and steps < 0:
            self._load()
        to = min(max(self._at + steps, 0), len(self.entries))
        if to == self._at:
            return None
        self._unsent[self._at] = present
        self._at = to
        return self._unsent.get(to, self._stored(to, present.kind))

    def add(self, sent: Entry) -> None:
        """Append what was sent, unless it is the last entry already, and go to the last place.

        A draft that was left there for the sake of an old message stays.
        """
        draft = self._unsent.get(len(self.entries)) if self._at < len(self.entries) else None
        if sent.text and self.entries[-1:] != [sent]:
            self.entries.append(sent)
            del self.entries[:-MAX_ENTRIES]
            self.keep(sent)
        self._at = len(self.entries)
        self._unsent = {} if draft is None else {self._at: draft}

    @property
    def draft(self) -> Entry | None:
        """The text that was left unsent at the last place; None if there is nothing."""
        return self._unsent.get(len(self.entries))

    def unsent(self, present: Entry) -> list[Entry]:
        """Return all that is unsent: changed old messages, and a draft at the end.

        Args:
            present: The contents of the box now.
        """
        contents = sorted({**self._unsent, self._at: present}.items())
        return [entry for at, entry in contents if entry.text.strip() and entry != self._stored(at, "")]

    def _stored(self, at: int, kind: str) -> Entry:
        return self.entries[at] if at < len(self.entries) else Entry(kind, "")

    def _load(self) -> None:
        """Take the entries of all windows; old messages that were changed become entries."""
        if self.load is None:
            return
        loaded = self.load()[-MAX_ENTRIES:]
        if loaded != self.entries:
            places = sorted(at for at in self._unsent if at < len(self.entries))
            changed = [self._unsent[at] for at in places if self._unsent[at] != self.entries[at]]
            self.entries, self._unsent = loaded, {}
            for entry in changed:
                self.add(entry)
        self._at = len(self.entries)
