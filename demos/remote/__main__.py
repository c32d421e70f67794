"""The remote: ``python -m demos.remote`` opens a house, ``--connect URL --token TOKEN`` a guest's window."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.remote.app import House
from demos.remote.controller import ControllerWindow
from demos.remote.host import Host
from demos.remote.house import ROOMS
from demos.remote.scene import play
from demos.stage import make_parser, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the house, or a guest's window, until it closes.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.connect:
        if not options.token or options.scripted:
            parser.error("--connect needs --token, and no --scripted")
        return run(
            lambda root: ControllerWindow(root, options.connect, options.token), lambda *_: None, options
        )
    return run(lambda root: _start(root, options), play, options)


def _start(root: tk.Tk, options: argparse.Namespace) -> House:
    host = Host(root, options.host, options.port)
    app = House(root, host)
    first = host.invite("ann", ROOMS)
    app.open_remote(first)
    if not options.scripted:
        print(f"Another window: --connect {host.url} --token {first.token}", flush=True)
        print(f"Browsers: {host.page_url(first)}", flush=True)
    return app


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("remote", "A house whose lamps other machines switch.")
    add = parser.add_argument
    add("--connect", metavar="URL", default="", help="steer the house at ws://HOST:PORT/")
    add("--token", default="", help="the token that the house has given out")
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
