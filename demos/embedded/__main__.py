"""``python -m demos.embedded``: a window whose WebSockets come through Python's own web server."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.embedded.scene import play
from demos.embedded.site import Site
from demos.embedded.window import EmbeddedWindow
from demos.stage import parser_of, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until its window closes.

    Args:
        arguments: Of the command line; None for this process's own.

    Returns:
        The exit status.
    """
    parser = parser_of("embedded", "A window whose WebSockets come through Python's own web server.")
    parser.add_argument("--port", type=int, default=0, help="to listen at (default: one that is free)")
    options = parser.parse_args(arguments)
    return run(lambda root: _start(root, options), play, options)


def _start(root: tk.Tk, options: argparse.Namespace) -> EmbeddedWindow:
    window = EmbeddedWindow(root, Site(("127.0.0.1", options.port)))
    if not options.scripted:
        print(f"The page is at http://{window.url}/", flush=True)
    return window


if __name__ == "__main__":
    sys.exit(main())
