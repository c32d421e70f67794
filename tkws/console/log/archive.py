"""Conversations as JSON Lines: one object per row, ``{"time", "direction", "type", "text" or "base64"}``.

Knows files and rows. A file is written completely or not at all. Saving and loading go in steps, so that a
caller can draw in between.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from tkws.console.log.atomicfile import replace_file, replace_text
from tkws.console.log.log import Direction, Row
from tkws.console.text.payload import as_bytes

_CHUNK = 500  # rows per step
_BYTES = 4 << 20  # bytes per step
_MAX_TIME = 1e11  # seconds from 1970, some 3,000 years, which every system can show as a date


def to_json(row: Row) -> str:
    """Return a row as one line of JSON, without a line end."""
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
    """Return the row that a line of JSON describes.

    Raises:
        ValueError: It does not describe a row.
    """
    try:
        fields = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(fields, dict):
        raise ValueError("an object is expected")
    direction, type, peer = (fields.get(key, "") for key in ("direction", "type", "peer"))
    when = fields.get("time", 0.0)
    text, packed = fields.get("text"), fields.get("base64")
    if not (isinstance(type, str) and isinstance(peer, str)) or isinstance(when, bool):
        raise ValueError("type and peer must be strings, time must be a number")
    if not isinstance(when, int | float) or not abs(when) <= _MAX_TIME:
        raise ValueError(f"time must be a number of seconds, no more than {_MAX_TIME:g}")
    if direction not in tuple(Direction):
        raise ValueError('direction must be "in", "out" or "note"')
    if isinstance(text, str) == isinstance(packed, str):
        raise ValueError('either "text" or "base64" must be there')
    try:
        payload = text if isinstance(text, str) else base64.b64decode(packed or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from None
    return Row(number, float(when), Direction(direction), type, payload, peer)


def save(rows: Iterable[Row], path: Path) -> Generator[int]:
    """Write rows to a file; each step writes some and yields how many have been written.

    Raises:
        OSError: The file cannot be written; if it existed, it is unchanged.
    """
    count = 0
    with replace_text(path, errors="surrogatepass") as file:
        for row in rows:
            file.write(f"{to_json(row)}\n")
            count += 1
            if count % _CHUNK == 0:
                yield count
    yield count


def save_payload(payload: str | bytes, path: Path) -> Generator[int]:
    """Write one payload as it is, text as UTF-8; each step writes some and yields how many bytes there are.

    Raises:
        OSError: The file cannot be written; if it existed, it is unchanged.
    """
    data = as_bytes(payload)
    with replace_file(path) as file:
        for begin in range(0, len(data), _BYTES):
            file.write(data[begin : begin + _BYTES])
            yield begin
    yield len(data)


def load(path: Path) -> Iterator[list[Row]]:
    """Read a file; each step yields some rows.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line does not describe a row; the message has its number.
    """
    rows: list[Row] = []
    with open(path, "rb") as file:  # lines of bytes, so that one that is not UTF-8 has its number too
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                rows.append(from_json(_decoded(line, number), number - 1))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from None
            if len(rows) == _CHUNK:
                yield rows
                rows = []
    yield rows


def _decoded(line: bytes, number: int) -> str:
    """Return a line as text, without the mark that some programs of Windows put before the first."""
    try:
        return line.decode(errors="surrogatepass").removeprefix("\ufeff" if number == 1 else "")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
