"""The dashboard: ``python -m demos.dashboard`` shows this machine, ``--connect ws://HOST:PORT`` another."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence
from pathlib import Path

from demos.dashboard.app import App
from demos.dashboard.host import Host
from demos.dashboard.scene import play


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the dashboard until its window closes.

    Args:
        arguments: Of the command line; None for this process's own.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        root = tk.Tk()
    except tk.TclError as error:
        print(f"No window can be opened: {error}.", file=sys.stderr)
        return 1
    try:
        host = None if options.connect else Host(root, options.host, options.port)
        app = App(root, options.connect or host.server.url, host)  # type: ignore[union-attr] # one of them
    except (OSError, ValueError) as error:
        print(f"The dashboard cannot start: {error}", file=sys.stderr)
        root.destroy()
        return 1
    if options.scripted:
        return play(root, app, options.picture)
    if host is not None:
        page = host.server.url.replace("ws:", "http:", 1)
        print(f"Other windows: --connect {host.server.url}\nBrowsers: {page}", flush=True)
    root.mainloop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demos.dashboard", description="A machine's figures, live."
    )
    add = parser.add_argument
    add(
        "--connect",
        metavar="URL",
        default="",
        help="show the feed at ws://HOST:PORT/ instead of this machine's",
    )
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen (%(default)s)")
    add("--port", type=int, default=0, help="the port to listen at (default: one that is free)")
    add("--scripted", action="store_true", help="show both views for a few seconds, then end")
    add("--picture", metavar="PATH", type=Path, help="with --scripted: save the windows there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
