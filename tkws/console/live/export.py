"""The values of a plot as CSV: a line for each message that has one of them, with its time."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path

from tkws.console.live.series import Source
from tkws.console.log.atomicfile import replace_text
from tkws.console.log.log import Direction, Row
from tkws.console.text.fields import parse

_CHUNK = 500  # rows per step


def save_csv(rows: Iterable[Row], sources: list[Source], path: Path) -> Generator[int]:
    """Write the values of some fields to a file; each step writes some and yields how many lines there are.

    Raises:
        OSError: The file cannot be written; if it existed, it is unchanged.
    """
    count = 0
    with replace_text(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", *(source.label for source in sources)])
        for number, row in enumerate(rows, 1):
            fields = None if row.direction is Direction.NOTE else parse(row.payload)
            values = [source.read(fields) for source in sources]
            if any(value is not None for value in values):
                when = datetime.fromtimestamp(row.time, UTC).isoformat(timespec="microseconds")
                writer.writerow([when, *("" if value is None else repr(value) for value in values)])
                count += 1
            if number % _CHUNK == 0:
                yield count
    yield count
