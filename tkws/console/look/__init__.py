"""The look of the windows: a ttk theme, light or dark, its colours and shapes; menus, forms, banners."""

from tkws.console.look.editing import LONG_LINE, edit_as_elsewhere
from tkws.console.look.fieldmenu import add_field_menus, edit_actions, last_focus
from tkws.console.look.icon import set_icon
from tkws.console.look.menus import (
    Action,
    PopUpMenu,
    add_context_menu,
    add_menu_bar,
    key_name,
    make_menu,
    modifier,
)
from tkws.console.look.palette import DARK, LIGHT, Palette
from tkws.console.look.panes import is_pane_shown, show_pane
from tkws.console.look.placeholder import Placeholder
from tkws.console.look.shapes import disc, rounded
from tkws.console.look.sheet import Sheet
from tkws.console.look.theme import Theme, theme_of

__all__ = [
    "DARK",
    "LIGHT",
    "LONG_LINE",
    "Action",
    "Palette",
    "Placeholder",
    "PopUpMenu",
    "Sheet",
    "Theme",
    "add_context_menu",
    "add_field_menus",
    "add_menu_bar",
    "disc",
    "edit_actions",
    "edit_as_elsewhere",
    "is_pane_shown",
    "key_name",
    "last_focus",
    "make_menu",
    "modifier",
    "rounded",
    "set_icon",
    "show_pane",
    "theme_of",
]
