"""A picture of a part of the screen, taken by Pillow or otherwise by ImageMagick."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels of the screen."""


def geometry(box: Box) -> str:
    """Return a window's geometry in Tk's notation."""
    left, top, right, bottom = box
    return f"{right - left}x{bottom - top}+{left}+{top}"


def save_picture(path: Path, box: Box) -> None:
    """Save the part of the screen in ``box``.

    Raises:
        OSError: Neither Pillow nor ImageMagick can take the picture, or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        from PIL import ImageGrab

        image = ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))
    except (ImportError, OSError):
        _save_by_imagemagick(path, box)
    else:
        image.save(path, optimize=True)


def _save_by_imagemagick(path: Path, box: Box) -> None:
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
        raise OSError(f"cannot take a picture: install Pillow or ImageMagick ({error})") from error
