"""A payload as text to be read, a slice at a time: JSON with indents, plain text, or hex.

Pure functions. A slice is a list of parts, each with its kind. Long lines are broken, since Tk takes a second
to find its way in one of hundreds of kilobytes; such a break is of kind `Kind.BREAK`, and no part of the
payload.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from tkws.console.text.payload import as_bytes, hex_dump
from tkws.console.text.prettyjson import SLICE, Formatter, looks_like_json
from tkws.console.text.visible import EMPTY, visible_parts

MAX_LINE = 2000
"""The length in characters at which a line is broken."""


class Mode(StrEnum):
    """How a payload is shown."""

    PRETTY = "Pretty"
    TEXT = "Text"
    HEX = "Hex"


class Kind(StrEnum):
    """The kinds of the parts of a slice."""

    PLAIN = "plain"
    JSON = "json"
    """JSON with indents."""
    ESCAPE = "escape"
    """A character that cannot be seen, as an escape."""
    TAB = "tab"
    """Tabs, which the pane marks."""
    BREAK = "break"
    """A line break that is not in the payload."""
    ADDED = "added"
    """Something new, in a comparison of two messages."""
    REMOVED = "removed"
    REMARK = "remark"
    """A remark about the payload, such as that it is empty."""


class Part(NamedTuple):
    """Some text of one kind."""

    text: str
    kind: Kind


def read(payload: str | bytes, mode: Mode) -> Iterator[list[Part]]:
    """Return a payload in slices of a few kilobytes."""
    if not payload:
        yield [Part(EMPTY, Kind.REMARK)]
    elif mode is Mode.HEX or (mode is Mode.PRETTY and isinstance(payload, bytes)):
        yield from _read_hex(as_bytes(payload))
    elif mode is Mode.PRETTY and isinstance(payload, str) and looks_like_json(payload):
        yield from _read_json(payload)
    else:
        yield from _break_lines((text, Kind.PLAIN) for text in _text_slices(payload))


def _read_hex(data: bytes) -> Iterator[list[Part]]:
    step = SLICE // 4  # a byte takes about four characters and a half
    for begin in range(0, len(data), step):
        before = "\n" if begin else ""
        yield [Part(f"{before}{hex_dump(data[begin : begin + step], begin)}", Kind.PLAIN)]


def _read_json(text: str) -> Iterator[list[Part]]:
    formatter = Formatter(text)
    yield from _break_lines(_kinds_of(formatter))
    if formatter.failed_at is not None:
        line = text.count("\n", 0, formatter.failed_at) + 1
        column = formatter.failed_at - text.rfind("\n", 0, formatter.failed_at)
        place = f"line {line}, column {column}"
        yield [Part(f"\n(not formatted from {place} on: no JSON, or nested too deeply)", Kind.REMARK)]


def _kinds_of(formatter: Formatter) -> Iterator[tuple[str, Kind]]:
    """Return the slices, with the kind of those that are not JSON, which are the last ones."""
    has_failed = False
    for text in formatter.slices():
        yield text, Kind.PLAIN if has_failed else Kind.JSON
        has_failed = formatter.failed_at is not None


def _text_slices(payload: str | bytes) -> Iterator[str]:
    """Return the text of a payload in slices; bytes that are not UTF-8 become U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for begin in range(0, len(payload), SLICE):
        part = payload[begin : begin + SLICE]
        yield part if isinstance(part, str) else decoder.decode(part, final=begin + SLICE >= len(payload))


def _break_lines(slices: Iterable[tuple[str, Kind]]) -> Iterator[list[Part]]:
    column = 0
    for text, own_kind in slices:
        parts: list[Part] = []
        for shown, is_escape in visible_parts(text):
            kind = Kind.ESCAPE if is_escape else own_kind
            for number, line in enumerate(shown.split("\n")):
                if number:
                    parts.append(Part("\n", own_kind))
                    column = 0
                while column + len(line) > MAX_LINE:
                    room = MAX_LINE - column
                    parts += Part(line[:room], kind), Part("\n", Kind.BREAK)
                    line, column = line[room:], 0
                parts += _mark_tabs(line) if "\t" in line else [Part(line, kind)]
                column += len(line)
        yield _join(parts)


def _mark_tabs(line: str) -> list[Part]:
    pieces = re.split(r"(\t+)", line)
    return [Part(piece, Kind.TAB if number % 2 else Kind.PLAIN) for number, piece in enumerate(pieces)]


def _join(parts: list[Part]) -> list[Part]:
    """Join neighbours of one kind, since each part costs Tk time."""
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].kind is part.kind:
            joined[-1] = Part(joined[-1].text + part.text, part.kind)
        elif part.text:
            joined.append(part)
    return joined
