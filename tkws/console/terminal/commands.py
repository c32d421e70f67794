"""Commands that begin with ``/``: a table of them, which reads them, lists them and completes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NamedTuple

import tkws


class Command(NamedTuple):
    """One command."""

    name: str
    """Without the ``/``."""
    arguments: str
    """The arguments as the help shows them; those in brackets may be left out."""
    summary: str
    run: Callable[[str], object]
    """Called with the rest of the line; raises ``ValueError`` for bad arguments."""
    words: Callable[[], Iterable[str]] = tuple
    """Returns the words that the first argument may be, for completion."""


class Commands:
    """The commands of a terminal.

    Args:
        commands: The commands, in the order of the help.
        send: Called with a line that is not a command.
    """

    def __init__(self, commands: Iterable[Command], send: Callable[[str], object]) -> None:
        self._commands = {command.name: command for command in commands}
        self._send = send

    def run(self, line: str) -> None:
        """Carry out a line: a command, or a text to send, which may begin with ``//`` for ``/``.

        Raises:
            ValueError: There is no such command, or its arguments are bad.
        """
        if not line.startswith("/"):
            self._send(line)
        elif line.startswith("//"):
            self._send(line[1:])
        else:
            name, _, rest = line[1:].partition(" ")
            self._find(name).run(rest.strip())

    def help(self) -> list[str]:
        """Return a line for each command."""
        usages = {f"/{each.name} {each.arguments}".strip(): each.summary for each in self._commands.values()}
        usages["//..."] = "send a line that begins with /"
        width = max(map(len, usages))
        return [f"{usage:{width}}  {summary}" for usage, summary in usages.items()]

    def complete(self, line: str) -> list[str]:
        """Return the words that the last word of a line can become; only commands are completed."""
        name, space, rest = line.partition(" ")
        if not line.startswith("/") or " " in rest:
            return []
        if not space:
            found = [each for each in self._commands.values() if f"/{each.name}".startswith(name)]
            return [f"/{each.name}{' ' if each.arguments else ''}" for each in found]
        command = self._commands.get(name[1:])
        return [] if command is None else [word for word in command.words() if word.startswith(rest)]

    def _find(self, name: str) -> Command:
        if name in self._commands:
            return self._commands[name]
        near = get_close_matches(name.lower(), self._commands, n=1)
        if near:
            raise ValueError(f"Unknown command /{name}: did you mean /{near[0]}? //{name} sends it as text")
        there = ", ".join(f"/{each}" for each in self._commands)
        raise ValueError(f"Unknown command /{name}; there are {there}; //{name} sends it as text")


def read_close(command: str, text: str) -> tuple[int, str]:
    """Return the close code and the reason of ``[CODE [REASON]]``.

    Args:
        command: The name of the command, for the error.
        text: Its arguments.

    Raises:
        ValueError: The code is not a number.
    """
    code, _, reason = text.partition(" ")
    if code and not code.isdecimal():
        raise ValueError(f"/{command}: a close code as a number, not {code!r}")
    return int(code) if code else 1000, reason


def pong(ws: tkws.WebSocket) -> str:
    """Return how long the last ping took, as a sentence."""
    return f"Pong after {ws.latency * 1000:.1f} ms" if ws.latency is not None else "Pong"
