"""How the demos look: colours, fonts, rounded shapes and a ttk theme made of them."""

from demos.look.lines import Lines
from demos.look.palette import PALETTE, Palette, nick_colour
from demos.look.shapes import disc, rounded
from demos.look.talk import Talk
from demos.look.theme import Theme, theme_of

__all__ = ["PALETTE", "Lines", "Palette", "Talk", "Theme", "disc", "nick_colour", "rounded", "theme_of"]
