"""How the demos look: as tkws's own console, light or dark, and what only the demos have."""

from demos.look.hues import hues, nick_colour
from demos.look.lines import Lines
from demos.look.talk import Talk
from tkws.console.look import Action, Palette, add_menu_bar, theme_of

__all__ = ["Action", "Lines", "Palette", "Talk", "add_menu_bar", "hues", "nick_colour", "theme_of"]
