"""Who plays a part of a conversation: tkws, or another package in a process of its own.

All of them write a transcript, a list of tuples of strings: what the handler was told, and what the commands
returned. What has to differ by nature is left out of it or brought to one form: a ``connect`` of a server is
the path and the query, an ``error`` the HTTP status, bytes are hexadecimal digits; the words of
``disconnect``, and those for an end without a Close frame (1006), are each package's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import zlib
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tkws
from tests.interop.conversations import Record
from tkws.loop import Loop

REPOSITORY = Path(__file__).parents[2]
TCLLIB = Path(__file__).with_name("party.tcl")

# By side.
Transcripts = dict[str, list[Record]]

# Longer strings are told by their length and their checksum.
LONGEST = 300


class OurParty:
    """tkws, spoken to by the functions that it shares with tcllib; the handler of its connection.

    Args:
        part: What it has to do.
        port: Where its server listens.

    Attributes:
        transcript: As above.
        over: Whether nothing more is to come.
        port: As above.
    """

    def __init__(self, part: list[tuple], port: int | None = None) -> None:
        self.transcript: list[Record] = []
        self.over = False
        self.port = port
        self._part = part
        self._waiting = "connect"

    def __call__(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        self._tell(type, *_words(type, message))
        if type == "close":
            self._tell("sent", tkws.send(ws, "text", "too late"))
        elif type == "disconnect":
            self.over = True
        if type == self._waiting:
            self._waiting = ""
            self._play(ws)

    def _play(self, ws: tkws.WebSocket) -> None:
        while self._part:
            action, *arguments = self._part.pop(0)
            if action == "wait":
                self._waiting = arguments[0]
                return
            if action == "close":
                tkws.close(ws, *arguments)
            elif action == "conninfo":
                found = tkws.conninfo(ws, *arguments)
                self._tell(arguments[0], int(found) if isinstance(found, bool) else found)
            elif action == "find":
                host, port = arguments
                self._tell("find", len(tkws.find(host, port or ws.peername[1])))
            else:
                self._tell("sent", tkws.send(ws, action, *arguments))

    def _tell(self, *words: object) -> None:
        self.transcript.append(tuple(abridged(str(word)) for word in words))


class Teller:
    """Somebody who tells what happens in a conversation, in words.

    Attributes:
        transcript: Of the latest part.
        over: Whether nothing more is to come.
        port: Where it listens, once it does.
        agreed: The Sec-WebSocket-Extensions that it was answered, where it tells.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begins another transcript."""
        self.transcript: list[Record] = []
        self.over = False
        self.port: int | None = None
        self.agreed = ""

    def take(self, words: list[str]) -> None:
        """Takes down what it told."""
        match words:
            case ["listening", port]:
                self.port = int(port)
            case ["agreed", extensions]:
                self.agreed = extensions
            case ["over"]:
                self.over = True
            case [type, *message]:
                self.transcript.append((type, *map(abridged, message)))


class TheirParty(Teller):
    """Another package in a process, which plays any number of parts, one after the other.

    It obeys lines on its standard input and tells by lines on its standard output, as the head of
    ``party.tcl`` has it.

    Args:
        command: Starts the process.
        errors: Where its standard error goes.
        environment: More variables for it.
    """

    def __init__(self, command: list[str | Path], errors: Path, **environment: str) -> None:
        super().__init__()
        self._rest = b""
        with errors.open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=REPOSITORY,
                env=os.environ | environment,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout.fileno()

    def begin(self, part: list[tuple], *command: str, deflate: str | None = None) -> None:
        """Makes it play ``part``, by one of the commands that begin a conversation.

        Args:
            part: As above.
            command: What begins it.
            deflate: What to ask of the compression, as ``"client_max_window_bits=10 ..."``; None for none.
        """
        self.forget()
        lines = [*(" ".join(entry_words(entry)) for entry in part), " ".join(command)]
        if deflate is not None:
            lines.insert(-1, f"deflate {deflate}".rstrip())
        self._stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._stdin.flush()

    def attend(self, loop: Loop) -> None:
        """Reads what it writes, on the loop."""
        loop.watch(self._stdout, lambda: self._read(loop), None)

    def ignore(self, loop: Loop) -> None:
        """Takes back `attend`."""
        loop.unwatch(self._stdout)

    def close(self) -> int:
        """Ends the process; returns its exit status."""
        with self._process as process:
            self._stdin.close()
            try:
                return process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()

    def _read(self, loop: Loop) -> None:
        data = os.read(self._stdout, 1 << 16)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.take(json.loads(line))
        if not data:
            self.over = True
            self.ignore(loop)


def differences(reference: Transcripts, found: Transcripts) -> Iterator[tuple[str, tuple, tuple]]:
    """Where ``found`` differs: the side, the records of the reference and those in their place."""
    for side, records in reference.items():
        matcher = SequenceMatcher(None, records, found[side], autojunk=False)
        for kind, start, end, found_start, found_end in matcher.get_opcodes():
            if kind != "equal":
                yield side, tuple(records[start:end]), tuple(found[side][found_start:found_end])


def _words(type: str, message: Any) -> list[object]:
    """The message of an event of ours, as tcllib's is written down."""
    if isinstance(message, tkws.Request):
        return [message.path, *(word for pair in message.query for word in pair)]
    if isinstance(message, tkws.OpenError):
        return [message.status]
    if isinstance(message, bytes):
        return [message.hex()]
    if type == "close":
        return [message[0]] if message[0] == tkws.CloseCode.ABNORMAL_CLOSURE else list(message)
    if type == "disconnect":
        return []
    return [message]


def abridged(word: str) -> str:
    """A word of a transcript."""
    if len(word) <= LONGEST:
        return word
    return f"{word[:20]}... ({len(word)} characters, checksum {zlib.crc32(word.encode()):08x})"


def entry_words(entry: tuple) -> list[str]:
    """An entry of a part, as ``party.tcl`` and its like read it."""
    action, *arguments = entry
    if action in ("text", "binary"):
        return [action, _hex(arguments[0]), "1" if arguments[1:] != [False] else "0"]
    if action == "close":
        return [action, str(arguments[0] or "-"), _hex(arguments[1])]
    if action in ("ping", "pong"):
        return [action, _hex(arguments[0])]
    return [action, *(str(argument or "-") for argument in arguments)]


def _hex(message: str | bytes) -> str:
    return (message.encode() if isinstance(message, str) else message).hex()
