"""Conversations as JSON Lines: one object a row, ``{"time", "direction", "type", "text" or "base64"}``.

Knows files and rows. A file is written beside its place and then put there, so that there is a
whole one or none; both ways go bit by bit, so that a caller can draw in between.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from tkws.console.log import Direction, Row

_CHUNK = 500  # rows between two breaths


def to_json(row: Row) -> str:
    """Return a row as one line of JSON, without its end."""
    fields: dict[str, object] = {
        "time": round(row.time, 6),
        "direction": row.direction.value,
        "type": row.type,
    }
    if row.peer:
        fields["peer"] = row.peer
    if isinstance(row.payload, bytes):
        fields["base64"] = base64.b64encode(row.payload).decode()
    else:
        fields["text"] = row.payload
    return json.dumps(fields, ensure_ascii=False)


def from_json(line: str, number: int = 0) -> Row:
    """Return the row that a line of JSON says.

    Raises:
        ValueError: It says none.
    """
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    direction, type, peer = (fields.get(key, "") for key in ("direction", "type", "peer"))
    when = fields.get("time", 0.0)
    text, packed = fields.get("text"), fields.get("base64")
    if not (isinstance(type, str) and isinstance(peer, str)) or isinstance(when, bool):
        raise ValueError("type and peer are strings, time is a number")
    if not isinstance(when, int | float):
        raise ValueError("time is a number of seconds")
    if isinstance(text, str) == isinstance(packed, str):
        raise ValueError('one of "text" and "base64" is wanted')
    try:
        payload = text if isinstance(text, str) else base64.b64decode(packed or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from None
    return Row(number, float(when), Direction(direction), type, payload, peer)


def save(rows: Iterable[Row], path: Path) -> Generator[int]:
    """Write rows to a file; each step writes some and yields how many have been.

    Raises:
        OSError: The file cannot be written; what was there before still is.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            for row in rows:
                file.write(f"{to_json(row)}\n")
                count += 1
                if count % _CHUNK == 0:
                    yield count
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    yield count


def load(path: Path) -> Iterator[list[Row]]:
    """Read a file; each step yields some rows.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line says no row; the message names it.
    """
    rows: list[Row] = []
    with open(path, encoding="utf-8", errors="surrogatepass") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                rows.append(from_json(line, number - 1))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from None
            if len(rows) == _CHUNK:
                yield rows
                rows = []
    yield rows
