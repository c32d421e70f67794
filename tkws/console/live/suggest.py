"""Suggests fields: those that some messages have, and which of them are likely a key or a value.

Pure functions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tkws.console.log.log import Direction, Row
from tkws.console.text.fields import Path, as_number, as_text, leaves, parse

_LOOKED_AT = 200  # messages
_NO_VALUE = re.compile(r"time|stamp|date|^ts$|^t$|^e$|seq|id$|nonce|version|count|number", re.IGNORECASE)


def fields_of(rows: list[Row]) -> dict[Path, list[Any]]:
    """Return the fields of the last messages with their values, in the order of the messages."""
    found: dict[Path, list[Any]] = {}
    for row in reversed(rows[-_LOOKED_AT:]):
        if row.direction is not Direction.NOTE and (fields := parse(row.payload)) is not None:
            for path, value in leaves(fields):
                found.setdefault(path, []).append(value)
    return found


def likely_key(fields: dict[Path, list[Any]]) -> Path | None:
    """Return the field with the most different texts that repeat, such as a symbol; None if none does."""
    best: tuple[int, Path] | None = None
    for path, values in fields.items():
        texts = Counter(as_text(value) for value in values if as_number(value) is None)
        different = len(texts)
        if different > 1 and 2 * different <= sum(texts.values()) and (best is None or different > best[0]):
            best = different, path
    return None if best is None else best[1]


def likely_value(fields: dict[Path, list[Any]], key: Path | None = None) -> Path | None:
    """Return the numeric field that is likely of interest, such as a price; or None."""
    numeric = [path for path in numeric_fields(fields) if path != key]
    named = [path for path in numeric if not _NO_VALUE.search(str(path[-1]))]
    broken = [path for path in named if _has_fractions(fields[path])]
    return next(iter([*broken, *named]), None)


def numeric_fields(fields: dict[Path, list[Any]]) -> list[Path]:
    """Return the fields whose values are numbers."""
    return [path for path, values in fields.items() if all(as_number(value) is not None for value in values)]


def _has_fractions(values: Iterable[Any]) -> bool:
    return any(not (as_number(value) or 0.0).is_integer() for value in values)
