"""The look of the demos: that of the console, light or dark, with widgets of their own."""

from demos.look.hues import NickColours, hues, nick_colour
from demos.look.messageframe import MessageFrame
from demos.look.messagelog import MessageLog
from tkws.console.look import Action, Palette, add_menu_bar, theme_of
from tkws.console.look.sharpness import use_screen_pixels

__all__ = [
    "Action",
    "MessageFrame",
    "MessageLog",
    "NickColours",
    "Palette",
    "add_menu_bar",
    "hues",
    "nick_colour",
    "theme_of",
    "use_screen_pixels",
]
