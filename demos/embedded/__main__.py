"""``python -m demos.embedded``: a window whose WebSockets come through Python's own web server."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence
from pathlib import Path

from demos.embedded.scene import play
from demos.embedded.site import Site
from demos.embedded.window import EmbeddedWindow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until its window closes.

    Args:
        arguments: Of the command line; None for this process's own.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        root = tk.Tk()
        site = Site(("127.0.0.1", options.port))
    except (tk.TclError, OSError) as error:
        print(f"The demo cannot start: {error}", file=sys.stderr)
        return 1
    window = EmbeddedWindow(root, site)

    def close() -> None:
        window.close()
        root.destroy()

    root.protocol("WM_DELETE_WINDOW", close)
    if options.scripted:
        return play(root, window, options.picture, close)
    print(f"The page is at http://{window.url}/")
    root.mainloop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demos.embedded", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="the port to listen at (default: one that is free)")
    add("--scripted", action="store_true", help="play a short scene, then end")
    add("--picture", metavar="PATH", type=Path, help="with --scripted: save the window there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
