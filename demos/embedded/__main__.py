"""``python -m demos.embedded``: a window whose WebSockets come from Python's own web server."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.embedded.scene import play
from demos.embedded.site import Site
from demos.embedded.window import EmbeddedWindow
from demos.stage import make_parser, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until its window closes.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status.
    """
    parser = make_parser("embedded", "A window whose WebSockets come from Python's own web server.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    options = parser.parse_args(arguments)
    return run(lambda root: _start(root, options), play, options)


def _start(root: tk.Tk, options: argparse.Namespace) -> EmbeddedWindow:
    window = EmbeddedWindow(root, Site(("127.0.0.1", options.port)))
    if not options.scripted:
        print(f"The page is at http://{window.url}/", flush=True)
    return window


if __name__ == "__main__":
    sys.exit(main())
