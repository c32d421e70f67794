"""The fields of JSON messages: reading a message, naming a field, and finding its value.

Pure functions. A field is named by its path: ``price``, ``data.price``, ``levels.0``; a name that has dots or
quotes of its own is written as a JSON string: ``"a.b".price``. Parsing never fails: what is not JSON has no
fields.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

Path = tuple[str | int, ...]
"""The way to a field: a name for each object, an index for each array."""

MISSING: Final = object()
"""`lookup` returns this if there is no such field."""

MAX_PARSED = 1 << 20
"""Characters of the longest message that is parsed; a longer one would block the window."""

_MAX_LEAVES = 300
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^.\[\]]+')
_PLAIN_NAME = re.compile(r"[\w$](?:[\w$-]*[\w$])?")
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


def parse(payload: str | bytes) -> Any:
    """Return the JSON object or array that a message is; None for all others."""
    first = payload[:1]
    if not first or len(payload) > MAX_PARSED:
        return None
    if first not in "{[ \t\r\n" if isinstance(first, str) else first not in b"{[ \t\r\n":
        return None
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def read_path(text: str) -> Path:
    """Return the path that a text names; digits are the index of an array, or a name.

    Raises:
        ValueError: The text is empty.
    """
    steps = _STEP.findall(text)
    if not steps:
        raise ValueError("Field: a name such as price or data.price")
    return tuple(_read_step(step) for step in steps)


def path_text(path: Path) -> str:
    """Return a path as `read_path` takes it."""
    return ".".join(_step_text(step) for step in path)


def lookup(value: Any, path: Path) -> Any:
    """Return the value of a field of parsed JSON, or `MISSING`."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(str(step), MISSING)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Return the fields other than objects and arrays, in order; the first few hundred at most."""
    pending: list[tuple[Path, Any]] = [(path, value)]
    for _ in range(_MAX_LEAVES):
        if not pending:
            return
        path, value = pending.pop()
        if isinstance(value, dict):
            pending += [((*path, name), part) for name, part in reversed(value.items())]
        elif isinstance(value, list):
            pending += [((*path, index), part) for index, part in reversed(list(enumerate(value[:20])))]
        else:
            yield path, value


def as_text(value: Any) -> str:
    """Return a value as a person writes it: a string without quotes, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_number(value: Any) -> float | None:
    """Return a finite number, also of a string such as ``"64250.5"``, as exchanges send prices; or None."""
    if isinstance(value, str):
        if len(value) > 40 or not _NUMBER.fullmatch(value):
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _read_step(step: str) -> str | int:
    if _INDEX.fullmatch(step):
        return int(step)
    if step.startswith('"') and step.endswith('"') and len(step) > 1:
        try:
            return str(json.loads(step))
        except ValueError:
            return step
    return step


def _step_text(step: str | int) -> str:
    if isinstance(step, int) or _PLAIN_NAME.fullmatch(step):
        return str(step)
    return json.dumps(step, ensure_ascii=False)
