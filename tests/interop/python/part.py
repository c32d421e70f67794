"""A part of a scripted conversation, and the orders for it: ``party.tcl`` in Python.

A program reads its `orders`, opens or accepts one connection for each, and does what `Part.hear` yields.
The entries are those of ``party.tcl`` and ``party.mjs``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

# What is to be done: an action; bytes, or the code of a close; whether the fragment is the last, or a reason.
Act = tuple[str, bytes | int | None, bool | str]


def tell(*words: object) -> None:
    """Writes a line of the transcript."""
    print(json.dumps([str(word) for word in words]), flush=True)


class Part:
    """What the party has still to do.

    Args:
        entries: All of it, in words.
    """

    def __init__(self, entries: list[list[str]]) -> None:
        self._entries = entries
        self._waiting = "connect"
        self._echoes = 0

    def hear(self, type: str, *message: object) -> Iterator[Act]:
        """Tells what happened, and yields what is to be done now.

        Args:
            type: The event.
            message: Bytes for messages, pings and pongs; a code and bytes for ``close``.
        """
        if self._echoes and type in ("text", "binary"):
            self._echoes -= 1
            assert isinstance(message[0], bytes)
            yield type, message[0], True
            if not self._echoes:
                yield from self._due()
            return
        tell(type, *(_word(type, word) for word in message))
        if type == self._waiting:
            yield from self._due()

    def finish(self, type: str = "disconnect", *message: object) -> None:
        """Tells the last event, after which nothing is done; of an ``error``, that it disconnects too."""
        tell(type, *(_word(type, word) for word in message))
        if type != "disconnect":
            tell("disconnect")
        tell("over")

    def _due(self) -> Iterator[Act]:
        self._waiting = ""
        while self._entries:
            action, first, *rest = self._entries.pop(0)
            if action == "wait":
                self._waiting = first
                return
            if action == "echo":
                self._echoes = int(first)
                return
            if action == "close":
                yield action, None if first == "-" else int(first), bytes.fromhex(rest[0]).decode()
            else:
                yield action, bytes.fromhex(first), rest != ["0"]


@dataclass
class Order:
    """A conversation to begin.

    Attributes:
        part: What to do in it.
        command: ``open`` or ``serve``.
        words: What stands behind the command.
        deflate: The parameters of the compression; None for none.
    """

    part: Part
    command: str
    words: list[str]
    deflate: dict[str, str] | None


def orders() -> Iterator[Order]:
    """The conversations that standard input orders, each as it is due."""
    entries: list[list[str]] = []
    deflate: dict[str, str] | None = None
    for line in sys.stdin:
        command, *words = line.rstrip("\n").split(" ")
        if command == "deflate":
            deflate = dict(word.partition("=")[::2] for word in words)
        elif command in ("open", "serve"):
            yield Order(Part(entries), command, words, deflate)
            entries, deflate = [], None
        else:
            entries.append([command, *words])


def query_words(query: str) -> list[str]:
    """The names and values of a query, in turn."""
    return [word for pair in parse_qsl(query, keep_blank_values=True) for word in pair]


def _word(type: str, word: object) -> str:
    if not isinstance(word, bytes):
        return str(word)
    return word.hex() if type in ("binary", "ping", "pong") else word.decode()
