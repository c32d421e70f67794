"""How the demos look: the light theme of tkws's own console, and what only the demos have."""

from demos.look.lines import Lines
from demos.look.nicks import nick_colour
from demos.look.talk import Talk
from tkws.console.look import LIGHT as PALETTE, Action, Palette, Theme, add_menu_bar, disc, rounded, theme_of

__all__ = [
    "PALETTE",
    "Action",
    "Lines",
    "Palette",
    "Talk",
    "Theme",
    "add_menu_bar",
    "disc",
    "nick_colour",
    "rounded",
    "theme_of",
]
