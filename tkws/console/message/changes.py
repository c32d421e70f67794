"""Compares two messages: fields of JSON, lines of text, or lines of hex.

Pure functions. They take time in proportion to the messages, and give the changes a slice at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, islice, zip_longest
from typing import Any

from tkws.console.text.fields import MISSING, Path, as_number, parse, path_text
from tkws.console.text.payload import as_bytes, hex_dump
from tkws.console.text.reading import Kind, Part
from tkws.console.text.visible import visible_line

_SLICE = 200  # changes
_LENGTH = 200  # characters of a value or a line that are shown
_CONTEXT = 40  # characters before what is different in a long line

Change = list[Part]


def changes(before: str | bytes, after: str | bytes) -> Iterator[list[Part]]:
    """Return the changes in slices, or a remark that nothing has changed."""
    old, new = parse(before), parse(after)
    if old is not None and new is not None:
        found = _json_changes(old, new)
    elif isinstance(before, str) and isinstance(after, str):
        found = _line_changes(before.split("\n"), after.split("\n"))
    else:
        found = _line_changes(hex_dump(as_bytes(before)).split("\n"), hex_dump(as_bytes(after)).split("\n"))
    some = [*islice(found, _SLICE)]
    if not some:
        yield [Part("Nothing has changed.", Kind.REMARK)]
    while some:
        yield [*chain.from_iterable(some)]
        some = [*islice(found, _SLICE)]


def _json_changes(before: Any, after: Any) -> Iterator[Change]:
    pending: list[tuple[Path, Any, Any]] = [((), before, after)]
    while pending:
        path, old, new = pending.pop()
        if isinstance(old, dict) and isinstance(new, dict):
            names = [*new, *(name for name in old if name not in new)]
            pending += [
                ((*path, name), old.get(name, MISSING), new.get(name, MISSING)) for name in reversed(names)
            ]
        elif isinstance(old, list) and isinstance(new, list):
            pairs = [*zip_longest(old, new, fillvalue=MISSING)]
            pending += [((*path, at), *pairs[at]) for at in reversed(range(len(pairs)))]
        elif type(old) is not type(new) or old != new:
            yield _json_change(path, old, new)


def _json_change(path: Path, old: Any, new: Any) -> Change:
    change = [Part(f"{path_text(path) or 'message'}: ", Kind.PLAIN)]
    if old is not MISSING:
        change.append(Part(_value_text(old), Kind.REMOVED))
    if new is not MISSING:
        change += Part(" → " if old is not MISSING else "", Kind.PLAIN), Part(_value_text(new), Kind.ADDED)
    else:
        change.append(Part("  (is gone)", Kind.REMARK))
    if old is MISSING:
        change.append(Part("  (is new)", Kind.REMARK))
    if difference := _difference(old, new):
        change.append(Part(f"  ({difference})", Kind.REMARK))
    return [*change, Part("\n", Kind.PLAIN)]


def _difference(old: Any, new: Any) -> str:
    """Return the difference of two numbers, also of such as ``"64250.5"``, exactly; or an empty text."""
    if old is MISSING or new is MISSING or as_number(old) is None or as_number(new) is None:
        return ""
    texts = str(old).strip(), str(new).strip()
    if max(map(len, texts)) > 20:
        return ""
    difference = Decimal(texts[1]) - Decimal(texts[0])
    text = f"{difference:+f}"
    return text if len(text) <= 30 else f"{difference:+.3e}"


def _line_changes(before: list[str], after: list[str]) -> Iterator[Change]:
    """Return the lines that differ between what both texts begin and end with."""
    first = _common(before, after)
    rest = min(len(before), len(after)) - first
    last = _common(before[::-1][:rest], after[::-1][:rest])
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    for number, (left, right) in enumerate(zip_longest(old, new), first + 1):
        if left == right:
            continue
        begin = 0 if left is None or right is None else max(0, _common(left, right) - _CONTEXT)
        change = [Part(f"line {number}\n", Kind.REMARK)]
        for line, sign, kind in ((left, "- ", Kind.REMOVED), (right, "+ ", Kind.ADDED)):
            if line is not None:
                change.append(Part(f"{sign}{_excerpt(line, begin)}\n", kind))
        yield change


def _common(one: str | list[str], other: str | list[str]) -> int:
    """Return how many characters or lines two texts have in common at the beginning."""
    least, most = 0, min(len(one), len(other))
    while least < most:  # comparing is much faster than counting
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _excerpt(line: str, begin: int) -> str:
    text = visible_line(line[begin : begin + _LENGTH])
    return f"{'…' if begin else ''}{text}{'…' if begin + _LENGTH < len(line) else ''}"


def _value_text(value: Any) -> str:
    return _excerpt(json.dumps(value, ensure_ascii=False), 0)
