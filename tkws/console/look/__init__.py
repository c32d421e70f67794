"""The look of the windows: colours, fonts, rounded shapes, and a ttk theme made of them, light or dark."""

from tkws.console.look.menus import Action, add_context_menu, add_menu_bar
from tkws.console.look.palette import DARK, LIGHT, Palette
from tkws.console.look.panes import is_pane_shown, show_pane
from tkws.console.look.shapes import disc, rounded
from tkws.console.look.theme import Theme, theme_of

__all__ = [
    "DARK",
    "LIGHT",
    "Action",
    "Palette",
    "Theme",
    "add_context_menu",
    "add_menu_bar",
    "disc",
    "is_pane_shown",
    "rounded",
    "show_pane",
    "theme_of",
]
