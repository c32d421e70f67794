"""The colours of the demos: one light palette, and a colour for each nickname.

The chat's web page uses the same values and the same rule, so that somebody has one colour
in every window and browser.
"""

from __future__ import annotations

from dataclasses import dataclass

_NICKS = (
    "#c2410c", "#b4236b", "#7c3aed", "#2563c9", "#0b7285",
    "#157f3d", "#9a6700", "#b42318", "#5b50d6", "#0f766e",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they are for, as Tk writes them."""

    surface: str = "#ffffff"
    side: str = "#f4f5f9"
    hover: str = "#eaecf4"
    line: str = "#e2e5ee"
    text: str = "#1e2233"
    soft: str = "#5c6479"
    faint: str = "#8990a3"
    accent: str = "#4f5bd5"
    accent_strong: str = "#3f4ac0"
    accent_soft: str = "#e6e8fb"
    own: str = "#f3f4fe"
    good: str = "#1fa971"
    waiting: str = "#d99a00"
    bad: str = "#cf3a52"
    bad_soft: str = "#fdeef0"


PALETTE = Palette()


def nick_colour(nick: str) -> str:
    """Return the colour of a nickname: the same for each spelling in upper and lower case."""
    value = 2166136261  # FNV-1a, which a page's script computes as easily
    for character in nick.lower():
        value = (value ^ ord(character)) * 16777619 % 2**32
    return _NICKS[(value >> 16) % len(_NICKS)]
