"""Sizes, fonts and images of one interpreter, for its screen; they are the same in every palette.

Sizes are given in pixels of a 96 dpi screen and converted to pixels of this one, or to more if the font is
large. Fonts are based on the platform's own named fonts.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import font as tkfont

from tkws.console.look import screenplace
from tkws.console.look.shapes import disc, rounded, stroke

_TITLE_AND_MENUS = 60  # their height, which Tk does not count, in pixels at 96 dpi
_LINE_HEIGHT = 18.0  # the greatest height of a line in the platforms' default fonts, in pixels at 96 dpi


class Resources:
    """The sizes, fonts and images of one interpreter. Images are cached.

    Attributes:
        root: The main window.
        body: The font of text.
        bold: The same, bold.
        small: The font of secondary text.
        small_bold: The same, bold.
        title: The font of headings.
        mono: The font of data, which has a fixed width.
    """

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        line = tkfont.nametofont("TkDefaultFont", root).metrics("linespace")
        self._unit = max(root.winfo_fpixels("1p") * 0.75, line / _LINE_HEIGHT)
        self._usual_unit = self._unit
        self._sizes = {"TkMenuFont": int(tkfont.nametofont("TkMenuFont", root).actual("size"))}
        self._images: dict[tuple[object, ...], tk.PhotoImage] = {}
        self.body: str = self._font("body", "TkDefaultFont", 0)
        self.bold: str = self._font("bold", "TkDefaultFont", 0, weight="bold")
        self.small: str = self._font("small", "TkDefaultFont", -1)
        self.small_bold: str = self._font("smallbold", "TkDefaultFont", -1, weight="bold")
        self.title: str = self._font("title", "TkDefaultFont", +3, weight="bold")
        self.mono: str = self._font("mono", "TkFixedFont", 0)

    def scale(self, factor: float) -> None:
        """Make all fonts, and the sizes that are asked for from now on, larger by a factor than usual."""
        self._unit = self._usual_unit * factor
        for font, size in self._sizes.items():
            self.root.tk.call("font", "configure", font, "-size", round(size * factor))

    def px(self, pixels: float) -> int:
        """Return pixels of a 96 dpi screen in pixels of this one; at least 1."""
        return max(1, round(pixels * self._unit))

    def size(self, width: float, height: float) -> str:
        """Return a window's geometry for a size in pixels of a 96 dpi screen; at most what fits."""
        return f"{min(self.px(width), self._room[0])}x{min(self.px(height), self._room[1])}"

    def geometry_of(self, place: str) -> str:
        """Return the geometry for a place that `kept_place` returned, on whichever screen; empty for none."""
        return screenplace.geometry_of(place, self._room, self._unit)

    def kept_place(self, window: tk.Tk) -> str:
        """Return the size and position of a window for later runs."""
        return screenplace.kept_place(window.geometry(), self._room, self._unit)

    @property
    def _room(self) -> tuple[int, int]:
        """The width and height of the screen that a window can have beside its title and menus."""
        return self.root.winfo_screenwidth(), self.root.winfo_screenheight() - self.px(_TITLE_AND_MENUS)

    def disc(self, pixels: float, colour: str) -> tk.PhotoImage:
        """Return a filled circle, ``pixels`` of a 96 dpi screen across."""
        return self._cached(("disc", pixels, colour), lambda: disc(self.root, self.px(pixels), colour))

    def box(
        self, width: int, height: int, radius: float, fill: str, border: str = "", *, ring: bool = False
    ) -> tk.PhotoImage:
        """Return a rectangle with round corners.

        Args:
            width: In pixels of this screen.
            height: The same.
            radius: Of the corners, in pixels of a 96 dpi screen.
            fill: The colour.
            border: The colour of the border; empty for none.
            ring: Whether the border is twice as thick, for what has the focus.
        """

        def make() -> tk.PhotoImage:
            thickness = max(1.0, self._unit) * (2 if ring else 1)
            return rounded(
                self.root, width, height, self.px(radius), fill, border=border, thickness=thickness
            )

        return self._cached(("box", width, height, radius, fill, border, ring), make)

    def stroke(
        self, points: Sequence[tuple[float, float]], colour: str, fill: str = "", border: str = ""
    ) -> tk.PhotoImage:
        """Return a line on a small box, as for a check mark; see `tkws.console.look.shapes.stroke`."""
        return self._cached(
            ("stroke", *points, colour, fill, border),
            lambda: stroke(self.root, self.px(17), points, colour, fill=fill, border=border),
        )

    def spacer(self, width: float, height: float) -> tk.PhotoImage:
        """Return a transparent image."""
        size = self.px(width), self.px(height)
        return self._cached(
            ("spacer", *size), lambda: tk.PhotoImage(master=self.root, width=size[0], height=size[1])
        )

    def _cached(self, key: tuple[object, ...], make: Callable[[], tk.PhotoImage]) -> tk.PhotoImage:
        key = (self._unit, *key)
        if key not in self._images:
            self._images[key] = make()
        return self._images[key]

    def _font(self, name: str, base: str, larger: int, weight: str = "") -> str:
        """Make a named font like ``base`` that is ``larger`` points or pixels larger."""
        full = f"tkws.{name}"
        made = tkfont.nametofont(base, self.root).actual()
        size = int(made["size"])
        made["size"] = size - larger if size < 0 else size + larger  # a negative size is in pixels
        if weight:
            made["weight"] = weight  # type: ignore[typeddict-item] # normal or bold
        options = [word for name, value in made.items() for word in (f"-{name}", value)]
        self.root.tk.call("font", "create", full, *options)
        self._sizes[full] = int(made["size"])
        return full
