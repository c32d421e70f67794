"""Files: ``python -m demos.files`` opens a receiver and a sender, ``--connect URL`` a sender only."""

from __future__ import annotations

import argparse
import sys
import tempfile
import tkinter as tk
from collections.abc import Sequence
from pathlib import Path

from demos.files.app import App
from demos.files.receiver import Receiver
from demos.files.scene import play
from demos.files.sender import Sender
from demos.files.window import SendWindow
from demos.stage import make_parser, run

_MIB = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until its window closes.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    if options.connect:
        return run(lambda root: _start_sender(root, options), lambda *_: None, options)
    if options.folder:
        return run(lambda root: _start(root, options, options.folder), play, options)
    with tempfile.TemporaryDirectory(prefix="tkws-files-") as folder:
        return run(lambda root: _start(root, options, Path(folder)), play, options)


def _start(root: tk.Tk, options: argparse.Namespace, folder: Path) -> App:
    if not folder.is_dir():
        raise ValueError(f"--folder: {folder} is not a folder")
    limit = round(options.limit * _MIB) or None
    app = App(root, Receiver(root, folder, options.host, options.port, limit), options.fragment_size)
    if not options.scripted:
        print(f"Another sender: --connect {app.receiver.server.url}", flush=True)
    app.send.send_files(options.files)
    return app


def _start_sender(root: tk.Tk, options: argparse.Namespace) -> SendWindow:
    window = SendWindow(root, Sender(options.connect, root, options.fragment_size), options.connect)
    window.send_files(options.files)
    return window


def _parser() -> argparse.ArgumentParser:
    parser = make_parser("files", "Files of any size from one window to another.")
    add = parser.add_argument
    add("files", metavar="FILE", nargs="*", type=Path, help="send these at once")
    add("--connect", metavar="URL", default="", help="send to the receiver at ws://HOST:PORT/")
    add("--folder", type=Path, help="where to write (default: a temporary folder, deleted at the end)")
    add("--limit", metavar="MIB", type=float, default=0.0, help="receive so many MiB per second at most")
    add("--fragment-size", metavar="BYTES", type=int, default=65536, help="the size of frames (%(default)s)")
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
