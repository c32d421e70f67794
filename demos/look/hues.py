"""Ten distinct colours for nicknames and lines, for a light and a dark background.

The chat's web page uses the same colours and the same rule, so that a nickname has the same colour in all
windows and browsers with the same theme.
"""

from __future__ import annotations

_ON_LIGHT = (
    "#c2410c", "#b4236b", "#7c3aed", "#2563c9", "#0b7285",
    "#157f3d", "#9a6700", "#b42318", "#5b50d6", "#0f766e",
)  # fmt: skip
_ON_DARK = (
    "#f2925f", "#f07ab4", "#b79bf8", "#7fb2f5", "#4fbfd3",
    "#5cc98a", "#dcb23f", "#f28b82", "#a29bf4", "#4cc7b6",
)  # fmt: skip


def hues(*, dark: bool) -> tuple[str, ...]:
    """Return the colours; both lists have the same hues in the same order."""
    return _ON_DARK if dark else _ON_LIGHT


def nick_colour(nick: str, *, dark: bool) -> str:
    """Return the colour of a nickname, regardless of upper and lower case."""
    value = 2166136261  # FNV-1a, which is as easy to compute in JavaScript
    for character in nick.lower():
        value = (value ^ ord(character)) * 16777619 % 2**32
    colours = hues(dark=dark)
    return colours[(value >> 16) % len(colours)]
