"""Where a window stood, kept from run to run: on any screen that is large enough, whatever its resolution.

Pure functions. They keep the size in pixels of a 96 dpi screen, and the position as a share of the room
that the window leaves free, so that it is on every screen.
"""

from __future__ import annotations

import re

_GEOMETRY = re.compile(r"(\d+)x(\d+)([+-]-?\d+)([+-]-?\d+)")
_KEPT = re.compile(r"(\d{1,5})x(\d{1,5})@(\d\.\d{1,4}),(\d\.\d{1,4})")


def kept_place(geometry: str, room: tuple[int, int], unit: float) -> str:
    """Return the place of a window for `geometry_of`.

    Args:
        geometry: The window's geometry in Tk's notation.
        room: The width and height that a window can have on the screen.
        unit: How many of its pixels are one of a 96 dpi screen.
    """
    found = _GEOMETRY.fullmatch(geometry)
    if found is None:
        return ""
    width, height, left, top = (int(number.replace("+-", "-").lstrip("+")) for number in found.groups())
    shares = [
        min(max(at / (most - size), 0.0), 1.0) if most > size else 0.0
        for at, size, most in ((left, width, room[0]), (top, height, room[1]))
    ]
    return f"{round(width / unit)}x{round(height / unit)}@{shares[0]:.4f},{shares[1]:.4f}"


def geometry_of(place: str, room: tuple[int, int], unit: float) -> str:
    """Return the geometry in Tk's notation for a place that was kept; empty if it is invalid.

    Args:
        place: A result of `kept_place`, perhaps of another screen.
        room: The width and height that a window can have on the screen.
        unit: How many of its pixels are one of a 96 dpi screen.
    """
    found = _KEPT.fullmatch(place)
    if found is None:
        return ""
    width, height = (min(round(int(found[at]) * unit), room[at - 1]) for at in (1, 2))
    left = round(min(float(found[3]), 1.0) * (room[0] - width))
    top = round(min(float(found[4]), 1.0) * (room[1] - height))
    return f"{width}x{height}+{left}+{top}"
