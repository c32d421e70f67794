"""The command line of ``python -m tkws``: a client or a server, in a window or in a terminal.

Windows are imported only when one is opened. An error in the arguments is printed, and the program exits with
`Status.USAGE`.
"""

from __future__ import annotations

import argparse
import logging
import os
import ssl
import sys
import tkinter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

import tkws
from tkws.console.arguments import between_parser, client_parser, doctor_parser, serve_parser
from tkws.console.client.target import NO_PROXY, SYSTEM_PROXY, Target, complete_url, read_headers, uri_of
from tkws.console.look.sharpness import use_screen_pixels
from tkws.console.server.answers import Answers, Rules, Script
from tkws.console.server.playoptions import play_settings
from tkws.console.server.serversession import Mode
from tkws.console.terminal import serverterminal
from tkws.console.terminal.expectation import Expectation
from tkws.console.terminal.keyprompt import unlocked
from tkws.console.terminal.output import Colour
from tkws.console.terminal.status import Status
from tkws.console.terminal.teletype import Teletype
from tkws.console.terminal.terminal import Terminal, TerminalOptions

_CONNECTION_OPTIONS = (
    "protocol", "header", "on-connect", "ca", "cert", "key", "insecure", "proxy", "no-proxy", "reconnect",
    "no-compression", "timeout", "ping-interval",
)  # fmt: skip


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
    return _in_terminal(unlocked(target), options)


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
    target = unlocked(_target(options))
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
    parser = client_parser()
    for name in _CONNECTION_OPTIONS:
        field = name.replace("-", "_")
        if getattr(options, field) != parser.get_default(field):
            raise ValueError(f"--{name}: give the URL too that it applies to")


def _target(options: argparse.Namespace) -> Target:
    if options.ca and not os.path.isfile(options.ca):
        raise ValueError(f"--ca: an existing PEM file, not {options.ca}")
    _refuse_mistyped_verb(options.url)
    url = complete_url(options.url)
    uri = uri_of(url)  # raises if the URL is not valid
    for name in "cert", "key":
        if getattr(options, name) and not uri.secure:
            raise ValueError(f"--{name}: only a wss: URL uses a certificate")
    return Target(
        url=url,
        protocols=tuple(options.protocol),
        headers=read_headers("\n".join(options.header)),
        greetings=tuple(options.on_connect),
        ca_file=options.ca or "",
        cert_file=options.cert or "",
        key_file=options.key or "",
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


_VERBS = MappingProxyType(
    {
        "": (client_parser, _connect),
        "serve": (serve_parser, _serve),
        "between": (between_parser, _between),
        "doctor": (doctor_parser, _doctor),
    }
)
