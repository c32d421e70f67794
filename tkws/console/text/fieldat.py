"""Finds the field of a JSON text that stands at a place of it, as for a click; and the place of a field.

Pure functions; the text may be cut off, or indented in any way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tkws.console.text.fields import Path

_MAX_BEFORE = 256 << 10  # characters before the place; more would take too long
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|-?\d[\d.eE+-]*|true|false|null|(?P<mark>[{}\[\],:])', re.DOTALL)


def field_at(text: str, offset: int) -> Path | None:
    """Return the path of the field whose name or value is at ``offset``; None without a field there.

    Between two fields it is the one before; on a bracket it is the object or array.
    """
    if offset > _MAX_BEFORE:
        return None
    return next((path for match, path in _tokens(text) if match.end() > offset), None)


def place_of(text: str, path: Path) -> int | None:
    """Return where the name of a field begins, or its value if it has none; None if the text lacks it."""
    for match, found in _tokens(text):
        if match.start() > _MAX_BEFORE:
            return None
        if found == path and match["mark"] != ",":
            return match.start()
    return None


def _tokens(text: str) -> Iterator[tuple[re.Match[str], Path | None]]:
    """Return the tokens with the fields that they are of, as far as the brackets match."""
    path: list[str | int] = []  # of the present value; the last step is open while an object waits for a name
    in_object: list[bool] = []
    name: str | None = None
    for match in _TOKEN.finditer(text):
        token, mark = match[0], match["mark"]
        if mark in ("{", "["):
            if in_object and in_object[-1]:
                path[-1] = name or ""
            in_object.append(mark == "{")
            path.append(0 if mark == "[" else "")
            name = None
        elif mark in ("}", "]"):
            if not in_object:
                return
            in_object.pop()
            path.pop()
        elif mark == ",":
            if not in_object:
                return
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
            name = None
        elif mark is None and in_object and in_object[-1] and name is None:
            name = _name(token)
            path[-1] = name
        found = path[:-1] if mark in ("{", "[") else path
        yield match, tuple(found) if in_object and found and found[-1] != "" else None


def _name(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')
