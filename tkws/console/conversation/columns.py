"""The columns of the table: which there are, where they stand, and what they show of a row.

Knows rows, JSON fields and the widths of texts, but no canvas.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

from tkws.console.log.log import Direction, Row, clock_time
from tkws.console.text.fields import MISSING, Path, as_text, lookup, parse, path_text
from tkws.console.text.payload import preview

MAX_FIELDS = 8
"""How many fields can have a column."""

_FIELD_LENGTH = 16  # characters
_MARGIN = 8  # before the first column, in pixels of a 96 dpi screen
_GAP = 14  # between two columns
_MAX_PARSED = 64 << 10  # characters of a message; forty larger ones would hold up the drawing
_ARROWS = MappingProxyType({Direction.IN: "↓", Direction.OUT: "↑", Direction.NOTE: "·"})
_SAMPLES = MappingProxyType(
    {
        "time": "00:00:00.000",
        "delta": "+000.000 s",
        "arrow": "↓",
        "peer": "from #1234",
        "type": "disconnect",
        "size": "16,777,216",
    }
)
_HEADINGS = MappingProxyType(
    {"time": "Time", "delta": "Δt", "arrow": "", "peer": "Peer", "type": "Type", "size": "Size"}
)
_TO_THE_RIGHT = "delta", "size"


class Column(NamedTuple):
    """One column.

    Attributes:
        name: ``time``, ``delta``, ``arrow``, ``peer``, ``type``, ``size`` or ``text``; empty for a field.
        heading: The text above it.
        left: Where it begins, in pixels.
        x: Where its texts stand: their left end, or their right end if `is_right`.
        is_right: Whether its texts stand at its right end.
    """

    name: str
    heading: str
    left: int
    x: int
    is_right: bool


class Columns:
    """The columns.

    Args:
        measure: Returns the width of a text in pixels.
        px: Converts pixels of a 96 dpi screen to those of this one; they change with the zoom.
        with_peers: Whether there is a column for the peer.

    Attributes:
        all: The columns, from the left; the last one is for the text.
        fields: The fields of JSON messages that have a column.
        with_delta: Whether there is a column for the time since the row before.
    """

    def __init__(
        self, measure: Callable[[str], int], px: Callable[[float], int], *, with_peers: bool = False
    ) -> None:
        self.fields: list[Path] = []
        self.with_delta: bool = False
        self._measure = measure
        self._px = px
        self._with_peers = with_peers
        self.lay_out()

    def lay_out(self) -> None:
        """Compute the columns again, after a change of `fields`, `with_delta` or the size of texts."""
        self.all: list[Column] = []
        at = self._px(_MARGIN)
        for name, heading in _HEADINGS.items():
            is_shown = {"peer": self._with_peers, "delta": self.with_delta}.get(name, True)
            if is_shown:
                at = self._add(name, heading, self._measure(_SAMPLES[name]), at)
        for path in self.fields:
            heading = preview(path_text(path), _FIELD_LENGTH)
            at = self._add(
                "", heading, max(self._measure("0" * (_FIELD_LENGTH - 4)), self._measure(heading)), at
            )
        self.all.append(Column("text", "Text", at, at, False))

    def toggle_field(self, path: Path) -> None:
        """Give a field a column, or take it away.

        Raises:
            ValueError: There are `MAX_FIELDS` already.
        """
        if path in self.fields:
            self.fields.remove(path)
        elif len(self.fields) >= MAX_FIELDS:
            raise ValueError(f"The table has no room for more than {MAX_FIELDS} fields. Remove one first.")
        else:
            self.fields.append(path)
        self.lay_out()

    def cells(self, row: Row, before: Row | None) -> list[str]:
        """Return what the columns show of a row, but for the text; ``before`` is the row above it."""
        named = [self._cell(row, before, column.name) for column in self.all[:-1] if column.name]
        if not self.fields:
            return named
        if row.direction is Direction.NOTE or row.type == "file":
            return named + [""] * len(self.fields)
        if len(row.payload) > _MAX_PARSED:
            return named + ["(large)"] * len(self.fields)
        message = parse(row.payload)
        return named + [_field_text(lookup(message, path)) for path in self.fields]

    def _add(self, name: str, heading: str, width: int, at: int) -> int:
        is_right = name in _TO_THE_RIGHT
        self.all.append(Column(name, heading, at, at + width if is_right else at, is_right))
        return at + width + self._px(_GAP)

    def _cell(self, row: Row, before: Row | None, name: str) -> str:
        if name == "time":
            return f"{clock_time(row.time)}.{int(row.time % 1 * 1000):03d}"
        if name == "delta":
            return "" if before is None else _delta_text(row.time - before.time)
        if name == "arrow":
            return _ARROWS[row.direction]
        if name == "size":
            return f"{row.size:,}" if row.direction is not Direction.NOTE and row.type != "file" else ""
        return str(getattr(row, name))


def _delta_text(seconds: float) -> str:
    if abs(seconds) < 1000:
        return f"{seconds:+.3f} s"
    return f"{seconds / 60:+,.0f} min" if abs(seconds) < 60_000 else f"{seconds / 3600:+,.0f} h"


def _field_text(value: Any) -> str:
    return "" if value is MISSING else preview(as_text(value), _FIELD_LENGTH)
