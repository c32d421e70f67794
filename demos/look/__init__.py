"""How the demos look: colours, fonts, rounded shapes and a ttk theme made of them."""

from demos.look.palette import PALETTE, Palette, nick_colour
from demos.look.shapes import disc, rounded
from demos.look.theme import Theme, theme_of

__all__ = ["PALETTE", "Palette", "Theme", "disc", "nick_colour", "rounded", "theme_of"]
