"""The command line of ``python -m tkws``: what is wanted, and whether in a window or in a terminal.

Windows are imported only when one is opened. A mistake in the arguments ends with a sentence and
`Status.USAGE`, as argparse does it.
"""

from __future__ import annotations

import argparse
import math
import os
import ssl
import sys
import tkinter
from collections.abc import Sequence
from typing import NoReturn

import tkws
from tkws.console import serverterminal
from tkws.console.serving import Mode
from tkws.console.target import NO_PROXY, SYSTEM_PROXY, Target, complete, read_headers
from tkws.console.terminal import Manner, Terminal
from tkws.errors import printable
from tkws.loop import loop_for
from tkws.protocol.uri import parse_uri

_EPILOG = """\
exit status:
  0    closed in good order by either side; the window was closed, the server stopped
  1    the connection could not be opened, or the address not be listened on
  2    the command line makes no sense, or names a file that cannot be read
  3    the connection broke, or was closed with a code other than 1000, 1001 or none
  130  interrupted by Ctrl-C

In a terminal, lines that begin with / are commands (/help lists them); from a pipe every line is
a message. Messages go to standard output, all else to standard error.

'python -m tkws serve --help' tells about the server."""

_OF_AN_ADDRESS = (
    "protocol", "header", "ca", "insecure", "proxy", "no-proxy", "reconnect", "no-compression", "timeout",
    "ping-interval",
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints do nothing to a terminal, whatever the words that they quote."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console until it is over.

    Args:
        arguments: Of the command line; None for this process's own.

    Returns:
        The exit status; see `Status`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["serve"]:
        parser = _serve_parser()
        run = _serve
        words = words[1:]
    else:
        parser = _parser()
        run = _connect
    options = parser.parse_args(words)
    try:
        return run(options)
    except (ValueError, TypeError, OSError) as error:
        parser.error(str(error))


def _connect(options: argparse.Namespace) -> int:
    if not options.url:
        _refuse_options_of_nobody(options)
    target = _target(options) if options.url else None
    if not options.no_gui:
        root = _window_root()
        if root is not None:
            from tkws.console.window import run_window

            return run_window(root, target, theme=options.theme)
        _say("There is no screen: this is the terminal mode.")
    if target is None:
        raise ValueError("without a window an address is needed")
    return _in_terminal(target, options)


def _in_terminal(target: Target, options: argparse.Namespace) -> int:
    typed = sys.stdin is not None and sys.stdin.isatty()
    manner = Manner(
        commands=typed or options.commands,
        as_json=options.json,
        quiet=options.quiet,
        linger=options.linger,
    )
    root = tkinter.Tcl()
    try:
        return Terminal(root, manner, sys.stdout, sys.stderr).run(target, sys.stdin.fileno())
    finally:
        loop_for(root).close()


def _serve(options: argparse.Namespace) -> int:
    settings = {
        "host": options.host,
        "port": options.port,
        "ssl": _server_context(options),
        "origins": options.origin,
    }
    mode = Mode.CHAT if options.chat else Mode.ECHO
    if not options.no_gui:
        root = _window_root()
        if root is not None:
            from tkws.console.servewindow import run_server_window

            return run_server_window(root, mode, settings, theme=options.theme)
        _say("There is no screen: this is the terminal mode.")
    return serverterminal.run(mode, settings, sys.stdin.fileno(), sys.stdout, sys.stderr)


def _window_root() -> tkinter.Tk | None:
    """Return a root; None without a screen."""
    try:
        return tkinter.Tk(className="tkws")
    except tkinter.TclError:
        return None


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _refuse_options_of_nobody(options: argparse.Namespace) -> None:
    """Refuse options of a connection where there is no address that they are for."""
    for name in _OF_AN_ADDRESS:
        if getattr(options, name.replace("-", "_")) != _parser().get_default(name.replace("-", "_")):
            raise ValueError(f"--{name}: an address is needed, which it is for")


def _target(options: argparse.Namespace) -> Target:
    if options.ca and not os.path.isfile(options.ca):
        raise ValueError(f"--ca: there is no file {options.ca}")
    url = complete(options.url)
    parse_uri(url)  # for what it raises
    return Target(
        url=url,
        protocols=tuple(options.protocol),
        headers=read_headers("\n".join(options.header)),
        ca_file=options.ca or "",
        verify=not options.insecure,
        proxy=NO_PROXY if options.no_proxy else options.proxy or SYSTEM_PROXY,
        reconnect=options.reconnect,
        compression=not options.no_compression,
        ping_interval=options.ping_interval,
        timeout=options.timeout,
    )


def _server_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.cert:
        if options.key:
            raise ValueError("--key: --cert is missing")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.cert, options.key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"--cert: {options.cert} cannot be used: {error}") from error
    return context


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws",
        description="A WebSocket console: talks to the server at URL, in a window or in a terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", metavar="URL", nargs="?", default="", help="ws:// or wss://; HOST:PORT or a port will do")
    add("--protocol", metavar="NAME", action="append", default=[], help="offer a subprotocol (repeatable)")
    add("--header", metavar="'NAME: VALUE'", action="append", default=[], help="send a header (repeatable)")
    add("--ca", metavar="FILE", help="trust the authorities in this PEM file instead of the system's")
    add("--insecure", action="store_true", help="do not verify the server: anybody may listen in")
    add("--proxy", metavar="URL", default="", help="go through a proxy (default: what the environment says)")
    add("--no-proxy", action="store_true", help="go through no proxy")
    add("--reconnect", action="store_true", help="connect again when the connection is lost")
    add("--no-compression", action="store_true", help="offer no compression")
    add("--timeout", metavar="SECONDS", type=_seconds, default=30.0, help="for the opening (%(default)g)")
    add("--ping-interval", metavar="SECONDS", type=_seconds, default=5.0,
        help="between pings that measure the latency; 0 for none (%(default)g)")  # fmt: skip
    _add_common(parser)
    add("--commands", action="store_true", help="take /commands from a pipe too")
    add("--json", action="store_true", help="print every event as a line of JSON")
    add("--quiet", action="store_true", help="tell nothing but messages and errors")
    add("--linger", metavar="SECONDS", type=_patience, default=0.0,
        help="go on listening after the end of the input; inf for ever (%(default)g)")  # fmt: skip
    return parser


def _serve_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws serve",
        description="A WebSocket server to try a client with: it answers at every path.",
        epilog="Without a window, lines of standard input are sent to every connection.",
    )
    add = parser.add_argument
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen (%(default)s)")
    add("--port", type=int, default=8765, help="the port; 0 for any that is free (%(default)s)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--echo", action="store_true", help="send each message back (the default)")
    mode.add_argument("--chat", action="store_true", help="send each message to everybody else")
    add("--origin", metavar="ORIGIN", action="append",
        help="admit web pages from there, such as http://localhost:3000 (repeatable)")  # fmt: skip
    add("--cert", metavar="FILE", help="serve wss: with this PEM certificate")
    add("--key", metavar="FILE", help="its key, where that is in a file of its own")
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--no-gui", action="store_true", help="no window: use the terminal")
    add("--theme", choices=("light", "dark"), help="of the window (default: as last time)")
    add("--version", action="version", version=f"tkws {tkws.__version__}")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError
    return value


def _patience(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise ValueError
    return value
