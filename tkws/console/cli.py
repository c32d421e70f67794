"""The command line of ``python -m tkws``: a client or a server, in a window or in a terminal.

Windows are imported only when one is opened. An error in the arguments is printed, and the program exits with
`Status.USAGE`.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import ssl
import sys
import tkinter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import tkws
from tkws.checks import MAX_SECONDS, check_seconds
from tkws.console import serverterminal
from tkws.console.about import VERSION
from tkws.console.answers import Answers, Rules, Script
from tkws.console.expectation import Expectation
from tkws.console.output import Colour
from tkws.console.playoptions import add_play_options, play_settings
from tkws.console.serversession import Mode
from tkws.console.sharpness import use_screen_pixels
from tkws.console.status import Status
from tkws.console.target import NO_PROXY, SYSTEM_PROXY, Target, complete_url, read_headers
from tkws.console.teletype import Teletype
from tkws.console.terminal import Terminal, TerminalOptions
from tkws.errors import printable
from tkws.protocol.uri import parse_uri

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

For the server, see 'python -m tkws serve --help'; for one between clients and another server,
'python -m tkws between --help'; for a report on this machine, 'python -m tkws doctor --help'."""

_CONNECTION_OPTIONS = (
    "protocol", "header", "on-connect", "ca", "insecure", "proxy", "no-proxy", "reconnect", "no-compression",
    "timeout", "ping-interval",
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages are safe for a terminal, whatever arguments they quote."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Status.USAGE, f"{self.prog}: error: {printable(message)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console until it ends.

    Args:
        arguments: The arguments of the command line; None for those of this process.

    Returns:
        The exit status; see `Status`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    verb = words[0] if words and words[0] in _VERBS else ""
    make_parser, run = _VERBS[verb]
    parser = make_parser()
    options = parser.parse_args(words[1:] if verb else words)
    if options.debug:
        _log_to_stderr()
    try:
        return run(options)
    except (ValueError, TypeError, OSError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:  # before there was a window or a terminal to close
        return Status.INTERRUPTED


def _connect(options: argparse.Namespace) -> int:
    if not options.url:
        _refuse_options_without_url(options)
    target = _target(options) if options.url else None
    if not options.no_gui and options.expect is None:
        root = _window_root()
        if root is not None:
            from tkws.console.run import run_window

            return run_window(root, target, theme=options.theme)
        _print_to_stderr("There is no display, so the console runs in the terminal.")
    if target is None:
        raise ValueError("URL: an address is needed to run without a window")
    return _in_terminal(target, options)


def _in_terminal(target: Target, options: argparse.Namespace) -> int:
    expectation = None
    if options.expect is not None:
        expectation = Expectation(options.expect, options.count, options.within)
    with _teletype(options) as tty:
        terminal_options = TerminalOptions(
            commands=tty.is_typed or options.commands,
            as_json=options.json,
            quiet=options.quiet,
            linger=options.linger,
            json_rpc=options.jsonrpc,
            expectation=expectation,
        )
        return Terminal(tty, terminal_options).run(target)


def _teletype(options: argparse.Namespace) -> Teletype:
    return Teletype(sys.stdin, sys.stdout, sys.stderr, Colour(options.color))


def _serve(options: argparse.Namespace) -> int:
    answers = _answers(options)
    settings = {
        "host": options.host,
        "port": options.port,
        "ssl": _server_context(options),
        "origins": options.origin,
        "answers": answers,
        **play_settings(options),
    }
    if not options.no_gui:
        root = _window_root()
        if root is not None:
            from tkws.console.run import run_server_window

            return run_server_window(root, _mode(options), settings, theme=options.theme)
        _print_to_stderr("There is no display, so the console runs in the terminal.")
    with _teletype(options) as tty:
        return serverterminal.run(_mode(options), settings, tty, commands=tty.is_typed or options.commands)


def _between(options: argparse.Namespace) -> int:
    target = _target(options)
    settings = {"port": options.port, "origins": options.origin}
    if not options.no_gui:
        root = _window_root()
        if root is not None:
            from tkws.console.run import run_between_window

            return run_between_window(root, target, settings, theme=options.theme)
        _print_to_stderr("There is no display, so the console runs in the terminal.")
    with _teletype(options) as tty:
        return serverterminal.run_between(target, settings, tty)


def _doctor(options: argparse.Namespace) -> int:
    from tkws.console import doctor

    return doctor.run(sys.stdout, as_json=options.json, report_progress=_print_to_stderr)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-5s %(name)s %(message)s"))
    logging.getLogger("tkws").addHandler(handler)
    tkws.loglevel("debug")


def _window_root() -> tkinter.Tk | None:
    """Return a window; None without a display."""
    use_screen_pixels()
    try:
        return tkinter.Tk(className="tkws")
    except tkinter.TclError:
        return None


def _print_to_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _refuse_options_without_url(options: argparse.Namespace) -> None:
    """Refuse the options of a connection if the URL is missing."""
    for name in _CONNECTION_OPTIONS:
        if getattr(options, name.replace("-", "_")) != _parser().get_default(name.replace("-", "_")):
            raise ValueError(f"--{name}: give the URL too that it applies to")


def _target(options: argparse.Namespace) -> Target:
    if options.ca and not os.path.isfile(options.ca):
        raise ValueError(f"--ca: an existing PEM file, not {options.ca}")
    _refuse_mistyped_verb(options.url)
    url = complete_url(options.url)
    parse_uri(url)  # raises if the URL is not valid
    return Target(
        url=url,
        protocols=tuple(options.protocol),
        headers=read_headers("\n".join(options.header)),
        greetings=tuple(options.on_connect),
        ca_file=options.ca or "",
        verify=not options.insecure,
        proxy=NO_PROXY if options.no_proxy else options.proxy or SYSTEM_PROXY,
        reconnect=options.reconnect,
        compression=not options.no_compression,
        ping_interval=options.ping_interval,
        timeout=options.timeout,
    )


def _refuse_mistyped_verb(word: str) -> None:
    """Refuse what is more likely one of the verbs than the name of a host."""
    verbs = get_close_matches(word.lower(), filter(None, _VERBS), n=1, cutoff=0.75)
    if verbs:
        raise ValueError(f"URL: did you mean {verbs[0]!r}? For a host of that name, write ws://{word}/")


def _answers(options: argparse.Namespace) -> Answers | None:
    if options.script:
        return Script(Path(options.script))
    return Rules(options.answer) if options.answer else None


def _mode(options: argparse.Namespace) -> Mode:
    if options.script or options.answer:
        return Mode.ANSWERS
    if options.chat:
        return Mode.CHAT
    return Mode.SILENT if options.play and not options.echo else Mode.ECHO


def _server_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.cert:
        if options.key:
            raise ValueError("--key: give --cert too")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.cert, options.key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"--cert: a PEM file with a certificate, not {options.cert}: {error}") from error
    return context


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws",
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


def _between_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws between",
        description="A server between clients and the server at URL: it shows what passes. In its window, "
        "messages are held, edited, delayed and dropped, and connections cut or stalled.",
        epilog="Without a path in URL, the path of each client's request is used. "
        "Only clients on this machine can connect.",
    )
    add = parser.add_argument
    add("url", metavar="URL", help="ws:// or wss://; HOST:PORT or a port is enough")
    add("--port", type=int, default=8766, help="the port to listen on; 0: any free port (%(default)s)")
    add("--origin", metavar="ORIGIN", action="append",
        help="accept web pages from this origin, such as http://localhost:3000 (repeatable)")  # fmt: skip
    _add_connection(parser)
    _add_common(parser)
    parser.set_defaults(protocol=[], on_connect=[], reconnect=False, ping_interval=0.0)
    return parser


def _serve_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws serve",
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
    add("--origin", metavar="ORIGIN", action="append",
        help="accept web pages from this origin, such as http://localhost:3000 (repeatable)")  # fmt: skip
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
    add("--insecure", action="store_true", help="do not verify the server's certificate")
    add("--proxy", metavar="URL", default="", help="use a proxy (default: from the environment)")
    add("--no-proxy", action="store_true", help="use no proxy")
    add("--no-compression", action="store_true", help="do not offer compression")
    add("--timeout", metavar="SECONDS", type=_seconds, default=30.0,
        help="time allowed for the opening (%(default)g)")  # fmt: skip


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--no-gui", action="store_true", help="run in the terminal, without a window")
    add("--color", choices=tuple(Colour), default=Colour.AUTO,
        help="colours in the terminal; auto: unless NO_COLOR is set (%(default)s)")  # fmt: skip
    add("--theme", choices=("light", "dark"), help="the theme of the window (default: as last time)")
    _add_general(parser)


def _add_commands(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commands", action="store_true", help="accept /commands from a pipe too")


def _doctor_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tkws doctor",
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


_VERBS = MappingProxyType(
    {
        "": (_parser, _connect),
        "serve": (_serve_parser, _serve),
        "between": (_between_parser, _between),
        "doctor": (_doctor_parser, _doctor),
    }
)


def _seconds(text: str) -> float:
    try:
        return check_seconds("", float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"seconds of 0 or more, at most {MAX_SECONDS:g}, not {text}"
        ) from None


def _seconds_or_inf(text: str) -> float:
    return math.inf if text.strip().lower() == "inf" else _seconds(text)
