"""The command line of a small demo: its window, ``--scripted`` and ``--picture``."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from demos.stage.scene import Scene


class Demo(Protocol):
    """What fills a window and lives until it is closed."""

    def play(self, scene: Scene) -> None:
        """Begin what ``--scripted`` shows; ``scene.finish`` or ``scene.fail`` ends it."""

    def close(self) -> None:
        """Stop everything that would outlive the window."""


def run(
    make: Callable[[tk.Tk], Demo],
    about: str,
    arguments: Sequence[str] | None = None,
    *,
    make_root: Callable[[], tk.Tk] = tk.Tk,
) -> int:
    """Run a demo until its window closes.

    Args:
        make: Fills a window.
        about: What ``--help`` says: the demo's docstring.
        arguments: Of the command line; None for this process's own.
        make_root: Makes the window.

    Returns:
        The exit status.
    """
    options = _parser(about).parse_args(arguments)
    try:
        root = make_root()
    except tk.TclError as error:
        print(f"The demo cannot start: {error}", file=sys.stderr)
        return 1
    demo = make(root)

    def close() -> None:
        demo.close()
        root.destroy()

    root.protocol("WM_DELETE_WINDOW", close)
    if options.scripted:
        scene = Scene(root, options.picture, patience=30.0)
        root.after_idle(demo.play, scene)
        return scene.play(close)
    root.mainloop()
    return 0


def _parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--scripted", action="store_true", help="play a short scene, then end")
    parser.add_argument("--picture", metavar="PATH", type=Path, help="with --scripted: save the window there")
    return parser
