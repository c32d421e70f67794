"""The options of the command line that play a recording."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tkws.console.server.recording import read_recording


def add_play_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    add = parser.add_argument
    add("--play", metavar="FILE",
        help="send to each client what the server said in this recording, as --json writes it")  # fmt: skip
    add("--speed", metavar="FACTOR", type=_speed,
        help="how many times faster to play than recorded; 0: without pauses (default: 1)")  # fmt: skip
    add("--loop", action="store_true", help="play again and again")


def play_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `tkws.console.server.serversession.ServerSession` that the options stand for.

    Raises:
        ValueError: There are options for playing without a recording, or it cannot be read.
    """
    if not options.play:
        for name in ("speed", "loop"):
            if getattr(options, name) not in (None, False):
                raise ValueError(f"--{name}: give --play too")
        return {}
    try:
        recording = read_recording(Path(options.play))
    except OSError as error:
        raise ValueError(f"--play: {options.play}: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"--play: {error}") from None
    speed = 1.0 if options.speed is None else options.speed or math.inf
    return {"recording": recording, "speed": speed, "repeats": options.loop}


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf:
        raise argparse.ArgumentTypeError(f"a number of 0 or more, not {text!r}")
    return speed
