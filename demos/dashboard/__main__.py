"""The dashboard: ``python -m demos.dashboard`` shows this machine, ``--connect ws://HOST:PORT`` another."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.dashboard.app import App
from demos.dashboard.host import Host
from demos.dashboard.scene import play
from demos.stage import make_parser, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the dashboard until its window closes.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    return run(lambda root: _start(root, options), play, options)


def _start(root: tk.Tk, options: argparse.Namespace) -> App:
    if options.connect:
        return App(root, options.connect)
    host = Host(root, options.host, options.port)
    url = host.server.url
    if not options.scripted:
        print(f"Other windows: --connect {url}\nBrowsers: {url.replace('ws:', 'http:', 1)}", flush=True)
    return App(root, url, host)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("dashboard", "Live metrics of a machine.")
    add = parser.add_argument
    add(
        "--connect",
        metavar="URL",
        default="",
        help="show the feed at ws://HOST:PORT/ instead of this machine's",
    )
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
