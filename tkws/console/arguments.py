"""The command line of the console: its verbs, their options, and their help."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import NoReturn

from tkws.checks import MAX_SECONDS, check_seconds
from tkws.console.server.playoptions import add_play_options
from tkws.console.terminal.output import Colour
from tkws.console.terminal.status import Status
from tkws.console.window.about import VERSION
from tkws.errors import printable

_EPILOG = """\
exit status:
  0    the connection was closed normally by either side, the window was closed,
       or the server was stopped
  1    the connection could not be opened, or the server could not listen on its address
  2    the command line is invalid, or names a file that cannot be read
  3    the connection was lost, or was closed with a code other than 1000, 1001 or none
  4    not all messages came that --expect asked for
  130  Ctrl-C was pressed; 129 and 143: SIGHUP and SIGTERM ended a window

In a terminal, lines that begin with / are commands (/help lists them). From a pipe, every line
is a message. Messages go to standard output, everything else to standard error.

For the server, see '%(prog)s serve --help'; for one between clients and another server,
'%(prog)s between --help'; for a report on this machine, '%(prog)s doctor --help'."""


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages are safe for a terminal, whatever arguments they quote."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Status.USAGE, f"{self.prog}: error: {printable(message)}\n")


def client_parser() -> argparse.ArgumentParser:
    """Return the parser for a client, the verb of which is left out."""
    parser = _Parser(
        prog=_program(),
        description="A WebSocket console: a client for the server at URL, in a window or in a terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", metavar="URL", nargs="?", default="", help="ws:// or wss://; HOST:PORT or a port is enough")
    add("--protocol", metavar="NAME", action="append", default=[], help="offer a subprotocol (repeatable)")
    _add_connection(parser)
    add("--on-connect", metavar="TEXT", action="append", default=[],
        help="send this message each time that the connection opens (repeatable)")  # fmt: skip
    add("--reconnect", action="store_true", help="reconnect when the connection is lost")
    add("--ping-interval", metavar="SECONDS", type=_seconds, default=5.0,
        help="time between pings that measure the latency; 0: no pings (%(default)g)")  # fmt: skip
    _add_common(parser)
    _add_commands(parser)
    add("--json", action="store_true", help="print every event as a line of JSON")
    add("--quiet", action="store_true", help="print only messages and errors")
    add("--linger", metavar="SECONDS", type=_seconds_or_inf, default=0.0,
        help="keep receiving after the end of the input; inf: forever (%(default)g)")  # fmt: skip
    add("--jsonrpc", action="store_true",
        help="send each line, METHOD [PARAMS as JSON], as a request of JSON-RPC 2.0")  # fmt: skip
    add("--expect", metavar="PATTERN",
        help="without a window: end when messages that match this regular expression have come")  # fmt: skip
    add("--count", metavar="N", type=int, default=1, help="how many messages are to match (%(default)s)")
    add("--within", metavar="SECONDS", type=_seconds_or_inf, default=10.0,
        help="how long they may take, with the opening; inf: forever (%(default)g)")  # fmt: skip
    return parser


def between_parser() -> argparse.ArgumentParser:
    """Return the parser of ``between``."""
    parser = _Parser(
        prog=_program("between"),
        description="A server between clients and the server at URL: it shows what passes. In its window, "
        "messages are held, edited, delayed and dropped, and connections cut or stalled.",
        epilog="Without a path in URL, the path of each client's request is used. "
        "Only clients on this machine can connect.",
    )
    add = parser.add_argument
    add("url", metavar="URL", help="ws:// or wss://; HOST:PORT or a port is enough")
    add("--port", type=int, default=8766, help="the port to listen on; 0: any free port (%(default)s)")
    _add_origin(parser)
    _add_connection(parser)
    _add_common(parser)
    parser.set_defaults(protocol=[], on_connect=[], reconnect=False, ping_interval=0.0)
    return parser


def serve_parser() -> argparse.ArgumentParser:
    """Return the parser of ``serve``."""
    parser = _Parser(
        prog=_program("serve"),
        description="A WebSocket server for testing clients; it accepts connections on every path.",
        epilog="An ANSWER is a text, in which \\1 is the first group of the pattern, or "
        "/close [CODE [REASON]], or /wait SECONDS ANSWER. "
        "Without a window, lines of standard input are sent to all clients.",
    )
    add = parser.add_argument
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=8765, help="the port; 0: any free port (%(default)s)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--echo", action="store_true", help="send each message back (the default)")
    mode.add_argument("--chat", action="store_true", help="send each message to all other clients")
    mode.add_argument(
        "--answer",
        nargs=2,
        metavar=("PATTERN", "ANSWER"),
        action="append",
        help="answer messages in which this regular expression is found (repeatable; the first answers)",
    )
    mode.add_argument(
        "--script", metavar="FILE", help="answer as on_message(ws, message) of a Python file says"
    )
    add_play_options(parser)
    _add_origin(parser)
    add("--cert", metavar="FILE", help="use TLS (wss:) with this PEM certificate")
    add("--key", metavar="FILE", help="the private key, if it is in another file")
    _add_common(parser)
    _add_commands(parser)
    return parser


def _add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the options of a connection to a server."""
    add = parser.add_argument
    add("--header", metavar="'NAME: VALUE'", action="append", default=[], help="send a header (repeatable)")
    add("--ca", metavar="FILE", help="trust the CAs in this PEM file instead of the system's")
    add("--cert", metavar="FILE", help="show the server this PEM certificate of the client")
    add("--key", metavar="FILE", help="its private key, if it is in another file")
    add("--insecure", action="store_true", help="do not verify the server's certificate")
    add("--proxy", metavar="URL", default="", help="use a proxy (default: from the environment)")
    add("--no-proxy", action="store_true", help="use no proxy")
    add("--no-compression", action="store_true", help="do not offer compression")
    add("--timeout", metavar="SECONDS", type=_seconds, default=30.0,
        help="time allowed for the opening (%(default)g)")  # fmt: skip


def _add_origin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--origin", metavar="ORIGIN", action="append",
        help="accept web pages from this origin, such as http://localhost:3000 (repeatable)")  # fmt: skip


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--no-gui", action="store_true", help="run in the terminal, without a window")
    add("--color", choices=tuple(Colour), default=Colour.AUTO,
        help="colours in the terminal; auto: unless NO_COLOR is set (%(default)s)")  # fmt: skip
    add("--theme", choices=("light", "dark"), help="the theme of the window (default: as last time)")
    _add_general(parser)


def _add_commands(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commands", action="store_true", help="accept /commands from a pipe too")


def doctor_parser() -> argparse.ArgumentParser:
    """Return the parser of ``doctor``."""
    parser = _Parser(
        prog=_program("doctor"),
        description="A report on what this machine has for tkws, and whether it works: for issues. "
        "Takes about three seconds and shows no secrets.",
        epilog="exit status: 0 if messages pass on this machine, 1 if they do not",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    _add_general(parser)
    return parser


def _add_general(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--debug", action="store_true", help="log all that happens, each frame too, to standard error")
    add("--version", action="version", version=VERSION)


def _program(verb: str = "") -> str:
    """Return what was typed to start the console: the command ``tkws``, or Python with the module."""
    is_command = Path(sys.argv[0]).stem == "tkws"
    return f"{'tkws' if is_command else 'python -m tkws'} {verb}".rstrip()


def _seconds(text: str) -> float:
    try:
        return check_seconds("", float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"seconds of 0 or more, at most {MAX_SECONDS:g}, not {text}"
        ) from None


def _seconds_or_inf(text: str) -> float:
    return math.inf if text.strip().lower() == "inf" else _seconds(text)
