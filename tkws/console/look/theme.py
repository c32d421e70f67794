"""The theme of one interpreter's windows, light or dark: its palette, and what follows when that changes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from types import MappingProxyType

from tkws.console.look.classic import paint_classic
from tkws.console.look.palette import DARK, LIGHT, Palette
from tkws.console.look.resources import Resources
from tkws.console.look.styles import define_styles

_NAME = "tkws"
_ZOOM_STEP = 1.1
_MAX_ZOOM = 8  # steps: from half to twice the usual size
_PALETTES = MappingProxyType({"light": LIGHT, "dark": DARK})


def theme_of(widget: tk.Misc) -> Theme:
    """Return the theme of a widget's interpreter; the first call makes it and puts it in use."""
    root = widget.nametowidget(".")
    theme = getattr(root, "tkws_theme", None)
    if not isinstance(theme, Theme):
        theme = Theme(root)
        root.tkws_theme = theme  # lives as long as the interpreter
    return theme


class Theme(Resources):
    """The palette in use, with the sizes, fonts and images that go with it.

    `tkws.console.look.styles.define_styles` lists the styles for ttk's widgets.

    Attributes:
        colours: The palette.
        is_dark: Whether it is the dark one.
        zoom: How many steps everything is larger than usual; negative if smaller.
    """

    def __init__(self, root: tk.Tk) -> None:
        super().__init__(root)
        self.colours: Palette = LIGHT
        self.zoom: int = 0
        self._style = ttk.Style(root)
        self.use("light")

    def use(self, name: str) -> None:
        """Switch to ``"light"`` or ``"dark"``.

        Widgets of ttk change automatically; all others get ``<<ThemeChanged>>`` and have to be repainted.

        Raises:
            KeyError: ``name`` is another one.
        """
        self.colours = _PALETTES[name]
        self.is_dark: bool = name == "dark"
        full = _NAME if (name, self.zoom) == ("light", 0) else f"{_NAME}.{name}.{self.zoom}"
        if full in self._style.theme_names():
            self._style.theme_use(full)
        else:
            self._style.theme_create(full, parent="clam")
            self._style.theme_use(full)
            define_styles(self._style, self, self.colours)
        self.root.configure(background=self.colours.surface)
        paint_classic(self.root, self, self.colours)
        # ttk announces a new theme from an idle callback, which must not run after the root has gone.
        self.root.update_idletasks()

    def zoom_to(self, steps: int) -> None:
        """Make everything larger or smaller by some steps than usual, within bounds.

        Widgets that are not of ttk are told as of a change of colours.
        """
        steps = min(max(steps, -_MAX_ZOOM), _MAX_ZOOM)
        if steps != self.zoom:
            self.zoom = steps
            self.scale(_ZOOM_STEP**steps)
            self.use("dark" if self.is_dark else "light")

    def follow(self, widget: tk.Misc, paint: Callable[[], object]) -> None:
        """Call ``paint()`` now and each time that the colours of a widget that is not ttk's have to change.

        A widget that has never been visible gets no event of the change, so it is also painted when it
        appears.
        """
        paint()
        for event in ("<<ThemeChanged>>", "<Map>"):
            widget.bind(event, lambda _: paint(), add=True)

    def paint_text(self, text: tk.Text) -> None:
        """Give a text widget the colours of the palette in use."""
        colours = self.colours
        text.configure(
            borderwidth=0,
            relief="flat",
            background=colours.surface,
            foreground=colours.text,
            insertbackground=colours.text,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            inactiveselectbackground=colours.accent_soft,
            highlightthickness=self.px(1),
            highlightbackground=colours.line if str(text.cget("state")) == "disabled" else colours.border,
            highlightcolor=colours.accent,
        )
