"""Rounded shapes with smooth edges as images, since Tk cannot draw them.

Each is a small transparent PNG, made in memory. Sizes are in pixels of the screen.
"""

from __future__ import annotations

import math
import struct
import tkinter as tk
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise


def rounded(
    master: tk.Misc,
    width: int,
    height: int,
    radius: float,
    fill: str,
    *,
    border: str = "",
    thickness: float = 1.0,
) -> tk.PhotoImage:
    """Return a rectangle with round corners.

    Args:
        master: Any widget of the interpreter that will show it.
        width: The width of the image.
        height: The height of the image.
        radius: The radius of the corners; half the height makes a pill.
        fill: The colour inside, ``#rrggbb``.
        border: The colour of the border; empty for none.
        thickness: The thickness of the border.
    """
    radius = min(radius, width / 2, height / 2)
    corner = math.ceil(radius + thickness) + 1
    inner, outer = _rgb(fill), _rgb(border or fill)

    def pixel(x: int, y: int) -> bytes:
        depth = -_edge_distance(x + 0.5 - width / 2, y + 0.5 - height / 2, width / 2, height / 2, radius)
        share = _clamp(depth - thickness + 0.5) if border else 1.0
        mixed = (round(a * share + b * (1 - share)) for a, b in zip(inner, outer, strict=True))
        return bytes([*mixed, round(255 * _clamp(depth + 0.5))])

    def line(y: int) -> bytes:
        pixels = b"".join(_repeat_middle(lambda x: pixel(x, y), width, corner))
        return b"\0" + pixels  # a PNG line begins with its filter: none

    lines = b"".join(_repeat_middle(line, height, corner))
    return tk.PhotoImage(master=master, data=_png(width, height, lines), format="png")


def stroke(
    master: tk.Misc,
    size: int,
    points: Sequence[tuple[float, float]],
    colour: str,
    *,
    fill: str = "",
    border: str = "",
) -> tk.PhotoImage:
    """Return a line through some points, on a box or on a transparent background.

    Args:
        master: Any widget of the interpreter that will show it.
        size: The width and height of the image.
        points: The points of the line, as fractions of the size from the left and from the top.
        colour: The colour of the line; empty for none.
        fill: The colour of the box; empty for none.
        border: The colour of the box's border; empty for that of the box.
    """
    ends = [(x * size, y * size) for x, y in points]
    half = size / 2
    line, inside, edge = (_rgb(name or "#000000") for name in (colour, fill, border or fill))

    def pixel(x: float, y: float) -> bytes:
        depth = -_edge_distance(x - half, y - half, half, half, size / 4)
        share = _clamp(depth - size / 16 + 0.5)
        base = [a * share + b * (1 - share) for a, b in zip(inside, edge, strict=True)]
        opaque = _clamp(depth + 0.5) if fill else 0.0
        near = min((_segment_distance(x, y, *pair) for pair in pairwise(ends)), default=size)
        drawn = _clamp(size / 16 - near + 0.5) if colour else 0.0
        if not fill:
            return bytes([*line, round(255 * drawn)])
        mixed = (round(a * drawn + b * (1 - drawn)) for a, b in zip(line, base, strict=True))
        return bytes([*mixed, round(255 * opaque)])

    lines = b"".join(b"\0" + b"".join(pixel(x + 0.5, y + 0.5) for x in range(size)) for y in range(size))
    return tk.PhotoImage(master=master, data=_png(size, size, lines), format="png")


def disc(master: tk.Misc, size: int, fill: str) -> tk.PhotoImage:
    """Return a filled circle, ``size`` pixels across."""
    return rounded(master, size, size, size / 2, fill)


def _repeat_middle(make: Callable[[int], bytes], count: int, corner: int) -> list[bytes]:
    """Make ``count`` parts; those between the two corners are copies of one."""
    if count <= 2 * corner:
        return [make(number) for number in range(count)]
    middle = [make(corner)] * (count - 2 * corner)
    return [*map(make, range(corner)), *middle, *map(make, range(count - corner, count))]


def _edge_distance(x: float, y: float, half_width: float, half_height: float, radius: float) -> float:
    """Return the distance from a point, relative to the centre, to the edge; negative inside."""
    x, y = abs(x) - half_width + radius, abs(y) - half_height + radius
    return math.hypot(max(x, 0.0), max(y, 0.0)) + min(max(x, y), 0.0) - radius


def _segment_distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the distance from a point to a line segment."""
    (x1, y1), (x2, y2) = start, end
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = _clamp(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _png(width: int, height: int, lines: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits each of red, green, blue, alpha
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
