"""The memory of the address in use: messages, drafts, variables, filters and watches.

Knows no widget. A possible secret is kept until the end of the run and not stored, unless the user asks for
it; neither is anything that cannot be stored.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from itertools import groupby
from typing import TypeVar

from tkws.console.memory.memory import Memory, Sent
from tkws.console.memory.secrecy import has_secret, is_secret, may_be_secret, without_secrets
from tkws.console.send.history import Entry
from tkws.console.send.variables import fill

_Result = TypeVar("_Result")

_MAX_STORED = 1 << 18  # characters of a message


class Remembering:
    """The memory of one address after another; an empty address is that before the first one.

    Args:
        memory: The database.
        keeps_secrets: Returns whether the user wants secrets to be stored.
        tell: Called with a sentence when something is not stored.

    Attributes:
        address: The address, without secrets.
    """

    def __init__(
        self, memory: Memory, keeps_secrets: Callable[[], bool], tell: Callable[[str], object]
    ) -> None:
        self.address: str = ""
        self._memory = memory
        self._keeps_secrets = keeps_secrets
        self._tell = tell
        self._window = uuid.uuid4().hex
        self._sent: defaultdict[str, list[Sent]] = defaultdict(list)  # in this run only, by address
        self._saved: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
        self._values: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._watches: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._unsent: dict[str, list[Entry]] = {}

    def go_to(self, url: str) -> list[Entry]:
        """Make ``url`` the address in use, and return what was left unsent there, the newest last."""
        self.address = without_secrets(url)
        stored = self._attempt(lambda: self._memory.unsent(self.address)) or []
        if stored:
            self._attempt(lambda: self._memory.adopt_unsent(self.address, self._window))
        return list(dict.fromkeys([*stored, *self._unsent.get(self.address, [])]))

    # Messages

    def sent(self) -> list[Entry]:
        """Return the messages that were sent to the address, also from other windows, the oldest first."""
        stored = self._attempt(lambda: self._memory.sent(self.address)) or []
        merged = sorted([*stored, *self._sent[self.address]], key=lambda sent: sent.time)
        return [entry for entry, _ in groupby(sent.entry for sent in merged)]  # repeated ones once

    def add_sent(self, entry: Entry) -> None:
        """Remember a message that was sent."""
        sent = Sent(time.time(), entry)
        if not self._may_store(entry) or not self._store(lambda: self._memory.add_sent(self.address, sent)):
            self._sent[self.address].append(sent)

    def keep_unsent(self, entries: list[Entry]) -> None:
        """Remember what is left unsent at the address, in the place of what was left before."""
        stored = [entry for entry in entries if self._may_store(entry)]
        self._unsent[self.address] = entries
        self._store(lambda: self._memory.keep_unsent(self.address, self._window, stored))

    def saved(self) -> dict[str, Entry]:
        """Return the saved messages of the address by their names."""
        stored = self._attempt(lambda: self._memory.saved(self.address)) or {}
        return stored | self._saved[self.address]

    def save(self, name: str, entry: Entry) -> None:
        """Remember a message under a name. It is stored even if it may have a secret: the caller asks."""
        self._saved[self.address].pop(name, None)
        if not self._store(lambda: self._memory.save(self.address, name, entry)):
            self._saved[self.address][name] = entry

    def remove(self, name: str) -> None:
        """Forget a saved message."""
        self._saved[self.address].pop(name, None)
        self._store(lambda: self._memory.save(self.address, name, None))

    # Variables

    def variables(self) -> dict[str, str]:
        """Return the values of the variables of the address, by their names."""
        return (self._attempt(lambda: self._memory.variables(self.address)) or {}) | self._values[
            self.address
        ]

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Remember the values of the variables of the address, in the place of those before."""
        stored = {name: value for name, value in values.items() if self._may_store_value(name, value)}
        done = self._store(lambda: self._memory.set_variables(self.address, stored))
        self._values[self.address] = {
            name: value for name, value in values.items() if not done or name not in stored
        }

    def fill(self, text: str) -> str:
        """Return a text with the values of its variables; see `tkws.console.send.variables.fill`."""
        return fill(text, self.variables()) if "{{" in text else text

    # Filters

    def filters(self) -> list[str]:
        """Return the filters that were used at the address, the newest first."""
        return self._attempt(lambda: self._memory.filters(self.address)) or []

    def add_filter(self, text: str) -> None:
        """Remember a filter, unless it may have a secret."""
        if self._may_store(Entry("Text", text)):
            self._store(lambda: self._memory.add_filter(self.address, text, time.time()))

    # Watches

    def watches(self) -> list[tuple[str, str]]:
        """Return the kinds and texts of the watches of the address, the oldest first."""
        stored = self._attempt(lambda: self._memory.watches(self.address)) or []
        return list(dict.fromkeys([*stored, *self._watches[self.address]]))

    def add_watch(self, kind: str, text: str) -> None:
        """Remember a watch."""
        add = partial(self._memory.add_watch, self.address, kind, text)
        if not self._may_store(Entry("Text", text)) or not self._store(add):
            self._watches[self.address].append((kind, text))

    def remove_watch(self, kind: str, text: str) -> None:
        """Forget a watch."""
        kept = self._watches[self.address]
        kept[:] = [each for each in kept if each != (kind, text)]
        self._store(lambda: self._memory.remove_watch(self.address, kind, text))

    # Forgetting

    def forget(self, url: str | None) -> None:
        """Forget all about an address, or about every one if ``url`` is None.

        Raises:
            OSError: The file cannot be changed.
        """
        address = None if url is None else without_secrets(url)
        for kept in (self._sent, self._saved, self._values, self._watches, self._unsent):
            if address is None:
                kept.clear()
            else:
                kept.pop(address, None)
        self._memory.forget(address)

    def forget_secrets(self) -> None:
        """Forget what is stored and may be a secret, apart from saved messages.

        Raises:
            OSError: The file cannot be changed.
        """
        self._memory.forget_texts(lambda name, text: is_secret(name) or may_be_secret(text))

    def _may_store(self, entry: Entry) -> bool:
        if len(entry.text) > _MAX_STORED:
            return False
        return self._keeps_secrets() or not has_secret(*entry)

    def _may_store_value(self, name: str, value: str) -> bool:
        return self._keeps_secrets() or not (is_secret(name) or may_be_secret(value))

    def _store(self, action: Callable[[], object]) -> bool:
        """Carry out an action that stores something, and return whether that was possible."""
        return self._memory.is_stored and self._attempt(lambda: (action(), True)) is not None

    def _attempt(self, action: Callable[[], _Result]) -> _Result | None:
        try:
            return action()
        except OSError as error:
            self._tell(f"Not remembered: {error}")
            return None
