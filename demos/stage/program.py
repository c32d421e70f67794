"""How a demo starts and ends: its command line, its window, and the scene that ``--scripted`` plays in it."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from demos.look import theme_of
from demos.stage.scene import Scene


class Demo(Protocol):
    """What fills a window and lives until it is closed."""

    def close(self) -> None:
        """Stop everything that would outlive the window."""


DemoType = TypeVar("DemoType", bound=Demo)


def parser_of(name: str, about: str | None) -> argparse.ArgumentParser:
    """Return a command line with what every demo understands.

    Args:
        name: The demo's, as ``demos.NAME`` is run.
        about: Its first line is what ``--help`` says.
    """
    about = (about or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=f"python -m demos.{name}", description=about)
    add = parser.add_argument
    add("--theme", choices=("light", "dark"), default="light", help="of the windows (%(default)s)")
    add("--scripted", action="store_true", help="play a short scene, then end")
    add("--picture", metavar="PATH", type=Path, help="with --scripted: save the windows there")
    return parser


def open_window(theme: str) -> tk.Tk:
    """Return an empty window in the look of the demos, ``"light"`` or ``"dark"``."""
    root = tk.Tk()
    theme_of(root).use(theme)
    return root


def run(
    make: Callable[[tk.Tk], DemoType],
    play: Callable[[DemoType, Scene], object],
    options: argparse.Namespace,
    *,
    make_root: Callable[[str], tk.Tk] = open_window,
) -> int:
    """Run a demo until its window closes, or its loop is left by ``quit``.

    Args:
        make: Fills a window; an `OSError` or `ValueError` of it is told in one line.
        play: Begins what ``--scripted`` shows; ``scene.finish`` or ``scene.fail`` ends it.
        options: What `parser_of` understood.
        make_root: Makes the window, of a theme.

    Returns:
        The exit status.
    """
    try:
        root = make_root(options.theme)
    except tk.TclError as error:
        return _cannot_start(error)
    try:
        demo = make(root)
    except (OSError, ValueError) as error:
        root.destroy()
        return _cannot_start(error)
    root.protocol("WM_DELETE_WINDOW", root.quit)
    scene = Scene(root, options.picture) if options.scripted else None
    if scene is not None:
        root.after_idle(play, demo, scene)
    try:
        root.mainloop()
    finally:
        demo.close()
        root.destroy()
    return scene.status() if scene is not None else 0


def _cannot_start(error: Exception) -> int:
    print(f"The demo cannot start: {error}", file=sys.stderr)
    return 1
