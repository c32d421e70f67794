"""A picture of a part of the screen, by Pillow or else by ImageMagick."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels of the screen."""


def geometry(box: Box) -> str:
    """Return a window's geometry, as Tk writes it."""
    left, top, right, bottom = box
    return f"{right - left}x{bottom - top}+{left}+{top}"


def save_picture(path: Path, box: Box) -> None:
    """Save what the screen shows in ``box``.

    Raises:
        OSError: Where neither Pillow nor ImageMagick can take it, or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        from PIL import ImageGrab

        image = ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))
    except (ImportError, OSError):
        _import(path, box)
    else:
        image.save(path, optimize=True)


def _import(path: Path, box: Box) -> None:
    program: list[str | Path] = [
        "import",
        "-silent",
        "-window",
        "root",
        "-crop",
        geometry(box),
        "+repage",
        path,
    ]
    try:
        subprocess.run(program, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise OSError(f"no picture: install pillow, or ImageMagick ({error})") from error
