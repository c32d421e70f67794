"""The frame of a demo: its command line, its window, and the scene that ``--scripted`` plays in it."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from demos.look import theme_of, use_screen_pixels
from demos.stage.scene import Scene

INTERRUPTED = 130


class Demo(Protocol):
    """The contents of a window, which exist until it is closed."""

    def close(self) -> None:
        """Stop everything that would otherwise outlive the window."""


DemoType = TypeVar("DemoType", bound=Demo)


def make_parser(name: str, about: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that all demos have.

    Args:
        name: The name of the demo, which is run as ``demos.NAME``.
        about: The description for ``--help``; only its first line is used.
    """
    about = (about or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=f"python -m demos.{name}", description=about)
    add = parser.add_argument
    add("--theme", choices=("light", "dark"), default="light", help="the theme of the windows (%(default)s)")
    add("--scripted", action="store_true", help="play a short scene, then end")
    add("--picture", metavar="PATH", type=Path, help="with --scripted: save a picture of the windows there")
    return parser


def open_window(theme: str) -> tk.Tk:
    """Return an empty window with the theme ``"light"`` or ``"dark"``."""
    use_screen_pixels()
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
    """Run a demo until its window is closed, ``quit`` is called or Ctrl-C is pressed.

    Args:
        make: Called with the window, to fill it; if it raises `OSError` or `ValueError`, that is printed.
        play: Starts the scene for ``--scripted``, which ends with ``scene.finish`` or ``scene.fail``.
        options: The options from `make_parser`.
        make_root: Makes the window; called with the theme.

    Returns:
        The exit status: 130 after Ctrl-C, as a shell has it.
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
    status = 0
    try:
        root.mainloop()
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        demo.close()
        root.destroy()
    return scene.status() if scene is not None and not status else status


def _cannot_start(error: Exception) -> int:
    print(f"The demo cannot start: {error}", file=sys.stderr)
    return 1
