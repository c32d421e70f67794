"""The icon of the windows: two arrows, one each way, on a round tile."""

from __future__ import annotations

import tkinter as tk

from tkws.console.look.palette import LIGHT
from tkws.console.look.shapes import stroke

_SIZES = 64, 32, 16  # pixels; the window manager takes the one that fits
_ARROWS = (
    (0.22, 0.40), (0.78, 0.40), (0.62, 0.26), (0.78, 0.40),
    (0.78, 0.40001), (0.22, 0.60), (0.78, 0.60), (0.22, 0.60), (0.38, 0.74),
)  # fmt: skip


def set_icon(root: tk.Tk) -> None:
    """Give all windows of an interpreter the icon."""
    images = [stroke(root, size, _ARROWS, LIGHT.on_accent, fill=LIGHT.accent) for size in _SIZES]
    root.iconphoto(True, *images)
