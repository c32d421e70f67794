"""The storage of all that belongs to an address: sent, unsent and saved messages, variables and filters.

A SQLite database, so that two windows may write at once, and what is forgotten leaves no trace in the file.
Knows no widget, and decides nothing: see `tkws.console.memory.remembering`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tkws.console.send.history import MAX_ENTRIES, Entry

MAX_FILTERS = 20
_LOCK_TIME = 0.3  # seconds that another window may write meanwhile

_SCHEMA = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS sent (address TEXT, time REAL, kind TEXT, text TEXT);
CREATE INDEX IF NOT EXISTS sent_at ON sent (address, time);
CREATE TABLE IF NOT EXISTS unsent (address TEXT, window TEXT, place INTEGER, kind TEXT, text TEXT);
CREATE TABLE IF NOT EXISTS saved (address TEXT, name TEXT, kind TEXT, text TEXT, PRIMARY KEY (address, name));
CREATE TABLE IF NOT EXISTS variables (address TEXT, name TEXT, text TEXT, PRIMARY KEY (address, name));
CREATE TABLE IF NOT EXISTS filters (address TEXT, text TEXT, time REAL, PRIMARY KEY (address, text));
CREATE TABLE IF NOT EXISTS watches (address TEXT, kind TEXT, text TEXT, PRIMARY KEY (address, kind, text));
"""
_TABLES = "sent", "unsent", "saved", "variables", "filters", "watches"


class Sent(NamedTuple):
    """A message and when it was sent."""

    time: float
    """The Unix time, in seconds."""
    entry: Entry


class Memory:
    """The database. All methods raise an `OSError` if it cannot be read or written.

    Args:
        path: The file, which is made when something is stored; None to store nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def is_stored(self) -> bool:
        """Whether anything is stored."""
        return self._path is not None

    def sent(self, address: str) -> list[Sent]:
        """Return the messages that were sent to an address, the oldest first."""
        rows = self._read("SELECT time, kind, text FROM sent WHERE address = ? ORDER BY time, rowid", address)
        return [Sent(time, Entry(kind, text)) for time, kind, text in rows]

    def add_sent(self, address: str, sent: Sent) -> None:
        """Store a message, and drop the oldest ones of that address."""
        with self._writing() as db:
            db.execute("INSERT INTO sent VALUES (?, ?, ?, ?)", (address, sent.time, *sent.entry))
            db.execute(
                "DELETE FROM sent WHERE address = ?1 AND rowid NOT IN "
                "(SELECT rowid FROM sent WHERE address = ?1 ORDER BY time DESC, rowid DESC LIMIT ?2)",
                (address, MAX_ENTRIES),
            )

    def unsent(self, address: str) -> list[Entry]:
        """Return what all windows have left unsent at an address, the newest last."""
        rows = self._read("SELECT kind, text FROM unsent WHERE address = ? ORDER BY rowid", address)
        return list(dict.fromkeys(Entry(kind, text) for kind, text in rows))

    def keep_unsent(self, address: str, window: str, entries: Sequence[Entry]) -> None:
        """Store what a window has left unsent at an address, in the place of what it had left before."""
        with self._writing() as db:
            db.execute("DELETE FROM unsent WHERE address = ? AND window = ?", (address, window))
            rows = [(address, window, place, *entry) for place, entry in enumerate(entries)]
            db.executemany("INSERT INTO unsent VALUES (?, ?, ?, ?, ?)", rows)

    def adopt_unsent(self, address: str, window: str) -> None:
        """Make what other windows have left unsent that of this window, which replaces it from now on."""
        with self._writing() as db:
            db.execute("UPDATE unsent SET window = ? WHERE address = ?", (window, address))

    def saved(self, address: str) -> dict[str, Entry]:
        """Return the saved messages of an address by their names, in alphabetical order."""
        rows = self._read(
            "SELECT name, kind, text FROM saved WHERE address = ? ORDER BY name COLLATE NOCASE", address
        )
        return {name: Entry(kind, text) for name, kind, text in rows}

    def save(self, address: str, name: str, entry: Entry | None) -> None:
        """Store a message under a name; None removes it."""
        with self._writing() as db:
            db.execute("DELETE FROM saved WHERE address = ? AND name = ?", (address, name))
            if entry is not None:
                db.execute("INSERT INTO saved VALUES (?, ?, ?, ?)", (address, name, *entry))

    def variables(self, address: str) -> dict[str, str]:
        """Return the values of the variables of an address, by their names."""
        rows = self._read("SELECT name, text FROM variables WHERE address = ? ORDER BY rowid", address)
        return dict(rows)

    def set_variables(self, address: str, values: Mapping[str, str]) -> None:
        """Store the variables of an address, in the place of those before."""
        with self._writing() as db:
            db.execute("DELETE FROM variables WHERE address = ?", (address,))
            rows = [(address, *item) for item in values.items()]
            db.executemany("INSERT INTO variables VALUES (?, ?, ?)", rows)

    def filters(self, address: str) -> list[str]:
        """Return the filters that were used at an address, the newest first."""
        rows = self._read(
            "SELECT text FROM filters WHERE address = ? ORDER BY time DESC LIMIT ?", address, MAX_FILTERS
        )
        return [text for (text,) in rows]

    def add_filter(self, address: str, text: str, time: float) -> None:
        """Store a filter, as used at a Unix time."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO filters VALUES (?, ?, ?)", (address, text, time))

    def watches(self, address: str) -> list[tuple[str, str]]:
        """Return the kinds and texts of the watches of an address, the oldest first."""
        rows = self._read("SELECT kind, text FROM watches WHERE address = ? ORDER BY rowid", address)
        return [(kind, text) for kind, text in rows]

    def add_watch(self, address: str, kind: str, text: str) -> None:
        """Store a watch; a no-op if it is stored."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO watches VALUES (?, ?, ?)", (address, kind, text))

    def remove_watch(self, address: str, kind: str, text: str) -> None:
        """Remove a watch."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM watches WHERE address = ? AND kind = ? AND text = ?", (address, kind, text)
            )

    def forget(self, address: str | None) -> None:
        """Remove all that is stored of an address, or the file if ``address`` is None."""
        if address is None:
            if self._path is not None:
                for suffix in "", "-journal":
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return
        with self._writing() as db:
            for table in _TABLES:
                db.execute(f"DELETE FROM {table} WHERE address = ?", (address,))

    def forget_texts(self, is_meant: Callable[[str, str], bool]) -> None:
        """Remove the messages, variables and watches for which ``is_meant(name, text)`` is true."""
        with self._writing() as db:
            db.create_function("is_meant", 2, is_meant)
            for table in "sent", "unsent", "watches":
                db.execute(f"DELETE FROM {table} WHERE is_meant('', text)")
            db.execute("DELETE FROM variables WHERE is_meant(name, text)")

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if self._path is None or not self._path.exists():
            return []
        with self._opened(self._path) as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Begin a transaction, which ends with the block."""
        if self._path is None:
            with closing(sqlite3.connect(":memory:")) as db:
                db.executescript(_SCHEMA)
                yield db
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # for this user's eyes alone
        with self._opened(self._path) as db:
            yield db

    @contextmanager
    def _opened(self, path: Path) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(path, timeout=_LOCK_TIME, isolation_level="IMMEDIATE")) as db:
                db.executescript(_SCHEMA)
                with db:
                    yield db
        except (sqlite3.Error, UnicodeError) as error:
            raise OSError(f"{path}: {error}") from error
