"""A colour for each nickname.

The chat's web page uses the same colours and the same rule, so that somebody has one colour in
every window and browser.
"""

from __future__ import annotations

_NICKS = (
    "#c2410c", "#b4236b", "#7c3aed", "#2563c9", "#0b7285",
    "#157f3d", "#9a6700", "#b42318", "#5b50d6", "#0f766e",
)  # fmt: skip


def nick_colour(nick: str) -> str:
    """Return the colour of a nickname: the same for each spelling in upper and lower case."""
    value = 2166136261  # FNV-1a, which a page's script computes as easily
    for character in nick.lower():
        value = (value ^ ord(character)) * 16777619 % 2**32
    return _NICKS[(value >> 16) % len(_NICKS)]
