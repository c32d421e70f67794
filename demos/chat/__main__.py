"""The chat: ``python -m demos.chat`` hosts one, ``--connect ws://HOST:PORT`` joins one."""

from __future__ import annotations

import argparse
import sys
import tkinter as tk
from collections.abc import Sequence

from demos.chat import messages
from demos.chat.app import App
from demos.chat.host import Host
from demos.chat.scene import as_text, play, play_part
from demos.stage import Scene, make_parser, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chat until its last window closes.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    return run(
        lambda root: _start(root, options),
        lambda app, scene: _play(app, scene, options),
        options,
    )


def _start(root: tk.Tk, options: argparse.Namespace) -> App:
    if options.nick:
        messages.check_nick(options.nick)
    host = None
    address = options.connect
    if not address:
        host = Host(root, options.host, options.port, options.broker)
        host.start()
        address = host.url
    app = App(root, address, host)
    if options.transcript:
        app.on_line = lambda window, room, line: print(as_text(room, line), flush=True)
    if options.scripted:
        return app
    if host is not None:
        page = address.replace("ws", "http", 1)
        print(f"The chat is at {page}/ for browsers, and for windows: --connect {address}", flush=True)
    if host is not None and not options.nick:
        app.open_pair(options.geometry)
    else:
        app.open_window(options.nick, options.geometry)
    return app


def _play(app: App, scene: Scene, options: argparse.Namespace) -> None:
    if options.connect:
        play_part(app, scene, options.nick, options.geometry)
    else:
        play(app, scene)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("chat", "A chat between windows.")
    add = parser.add_argument
    add("--connect", metavar="URL", default="", help="join the server at ws://HOST:PORT")
    add("--nick", default="", help="the nickname (default: the first window asks)")
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    add(
        "--broker",
        metavar="URL",
        nargs="+",
        default=[],
        help="share the rooms with other hosts over this NATS server",
    )
    add("--geometry", metavar="WxH+X+Y", default="", help="size and position of the first window")
    add("--transcript", action="store_true", help="print the lines that the windows show")
    return parser


if __name__ == "__main__":
    sys.exit(main())
