"""Compares a message with the one before it, of the same key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tkws.console.log.log import Row, clock_time
from tkws.console.log.view import View
from tkws.console.message.changes import changes
from tkws.console.text.fields import MISSING, Path, as_text, lookup, parse, path_text
from tkws.console.text.payload import preview
from tkws.console.text.reading import Kind, Part

_PATIENCE = 0.1  # seconds of looking for the message before


class Comparison:
    """The comparisons of a conversation.

    Args:
        view: The rows.
        suggest: Returns the field that is likely the key; None for none.

    Attributes:
        key: The field that is to have the same value in both messages; None for the one that is suggested.
    """

    def __init__(self, view: View, suggest: Callable[[], Path | None]) -> None:
        self.key: Path | None = None
        self._view = view
        self._suggest = suggest

    def read(self, row: Row) -> Iterator[list[Part]]:
        """Return what has changed in a message since the one before, in slices."""
        rows = self._view.rows
        key = self.key or self._suggest()
        value = MISSING if key is None else lookup(parse(row.payload), key)
        if key is not None and value is not MISSING:
            same = f" with {path_text(key)} = {preview(as_text(value), 40)}"
        else:
            same = " of its kind"
        before = message_before(rows, self._view.index_of(row.number), row, key, value)
        if before is None:
            yield [Part(f"No message{same} before this one is shown in the table.", Kind.REMARK)]
            return
        when, seconds = clock_time(before.time), row.time - before.time
        yield [
            Part(
                f"Since the message{same} at {when}, {seconds:.3f} s before:\n",
                Kind.REMARK,
            )
        ]
        yield from changes(before.payload, row.payload)


def message_before(rows: list[Row], at: int, row: Row, key: Path | None, value: object) -> Row | None:
    """Return the last message before a row, in its direction and of its type and peer.

    Args:
        rows: The rows, the oldest first.
        at: The index in ``rows`` before which to look.
        row: The row.
        key: A field that must have the same value in both messages, or be missing in both; None for none.
        value: The field's value in ``row``; `MISSING` without one.
    """
    needle = value if isinstance(value, str) else ""
    deadline = time.perf_counter() + _PATIENCE
    for index in range(at - 1, -1, -1):
        other = rows[index]
        if (other.direction, other.type, other.peer) != (row.direction, row.type, row.peer):
            continue
        if key is None or (_may_have(other.payload, needle) and lookup(parse(other.payload), key) == value):
            return other
        if time.perf_counter() > deadline:
            return None
    return None


def _may_have(payload: str | bytes, needle: str) -> bool:
    """Return whether a message may contain a text, also as an escape; parsing it costs much more."""
    if isinstance(payload, str):
        return needle in payload or "\\" in payload
    return needle.encode(errors="replace") in payload or b"\\" in payload
