"""Colours for nicknames and lines, for a light and a dark background: ten distinct ones, and shades beyond.

The chat's web page uses the same colours and the same rule.
"""

from __future__ import annotations

import colorsys
import tkinter as tk

_ON_LIGHT = (
    "#c2410c", "#b4236b", "#7c3aed", "#2563c9", "#0b7285",
    "#157f3d", "#946200", "#b42318", "#5b50d6", "#0f766e",
)  # fmt: skip
_ON_DARK = (
    "#f2925f", "#f07ab4", "#b79bf8", "#7fb2f5", "#4fbfd3",
    "#5cc98a", "#dcb23f", "#f28b82", "#a29bf4", "#4cc7b6",
)  # fmt: skip


_GOLDEN_ANGLE = 0.381966  # of a circle: each next hue is far from those before


def hues(*, dark: bool) -> tuple[str, ...]:
    """Return the colours; both lists have the same hues in the same order."""
    return _ON_DARK if dark else _ON_LIGHT


class NickColours:
    """The colours of nicknames in one window: each keeps its own, and no two have the same.

    The first colour that is free from the one that the name itself gives is taken, so that a nickname has the
    same colour in most windows and pages.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def colour(self, nick: str, *, dark: bool) -> str:
        """Return the colour of a nickname, regardless of upper and lower case."""
        key = nick.lower()
        if key not in self._numbers:
            taken, count, first = set(self._numbers.values()), len(_ON_LIGHT), _number_of(key)
            free = ((first + step) % count for step in range(count))
            self._numbers[key] = next((each for each in free if each not in taken), len(self._numbers))
        return _colour_of(self._numbers[key], dark=dark)


def nick_colour(widget: tk.Misc, nick: str, *, dark: bool) -> str:
    """Return the colour of a nickname in the window of a widget."""
    window = widget.winfo_toplevel()
    colours = getattr(window, "nick_colours", None)
    if not isinstance(colours, NickColours):
        colours = NickColours()
        window.nick_colours = colours  # type: ignore[union-attr] # lives as long as the window
    return colours.colour(nick, dark=dark)


def _number_of(nick: str) -> int:
    """Return the number of the colour that a name gives."""
    value = 2166136261  # FNV-1a, which is as easy to compute in JavaScript
    for character in nick:
        value = (value ^ ord(character)) * 16777619 % 2**32
    return (value >> 16) % len(_ON_LIGHT)


def _colour_of(number: int, *, dark: bool) -> str:
    """Return one of the ten colours, or, beyond them, a shade between their hues."""
    colours = hues(dark=dark)
    if number < len(colours):
        return colours[number]
    hue = number * _GOLDEN_ANGLE % 1.0
    red, green, blue = colorsys.hls_to_rgb(hue, 0.74 if dark else 0.29, 0.62)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
