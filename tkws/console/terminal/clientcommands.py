"""The commands of a client's terminal."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from tkws.console.client.session import Session
from tkws.console.log import archive
from tkws.console.log.log import sent_messages
from tkws.console.send.replay import Replay
from tkws.console.terminal.commands import Command, Commands, pong, read_close
from tkws.console.text.payload import read_base64, read_hex
from tkws.plurals import counted


class ClientCommands:
    """The commands.

    Args:
        session: The session.
        send: Called with a line that is not a command.
        note: Called with the lines that a command shows.
        on_idle: Called after a replay, when the next line can be processed.

    Attributes:
        commands: The table of them.
    """

    def __init__(
        self,
        session: Session,
        send: Callable[[str], object],
        note: Callable[..., object],
        on_idle: Callable[[], object],
    ) -> None:
        self._session = session
        self._note = note
        self._on_idle = on_idle
        self._replay: Replay | None = None
        self._pings = 0  # that were sent and not answered
        self.commands: Commands = Commands(self._table(), send)

    @property
    def is_busy(self) -> bool:
        """Whether a command is not done yet."""
        return self._replay is not None

    def pong_received(self) -> None:
        """Show how long a ping took, if a command sent one."""
        if self._pings and self._session.ws is not None:
            self._pings -= 1
            self._note(pong(self._session.ws))

    def _table(self) -> Iterator[Command]:
        session = self._session
        yield Command("send", "[TEXT]", "send a text message, which may be empty", session.send)
        yield Command("ping", "[TEXT]", "send a ping, and show how long the pong took", self._ping)
        yield Command("binary", "HEX", "send bytes, given as hex", lambda rest: session.send(read_hex(rest)))
        yield Command("base64", "TEXT", "send bytes, given as base64",
            lambda rest: session.send(read_base64(rest)))  # fmt: skip
        yield Command("file", "PATH", "send a file as a binary message",
            lambda rest: session.send_file(_read_path("file", rest)))  # fmt: skip
        yield Command("save", "PATH", "save the conversation as JSON Lines", self._save)
        yield Command("replay", "PATH [SPEED]", "send again what a saved conversation sent; SPEED 0: at once",
            self._start_replay)  # fmt: skip
        yield Command("stats", "", "show the statistics of the connection",
            lambda _: self._note(*self._statistics()))  # fmt: skip
        yield Command("close", "[CODE [REASON]]", "close the connection",
            lambda rest: session.disconnect(*read_close("close", rest)))  # fmt: skip
        yield Command("help", "", "show this list", lambda _: self._note(*self.commands.help()))

    def _ping(self, rest: str) -> None:
        self._session.ping(rest.encode())
        self._pings += 1

    def _statistics(self) -> list[str]:
        ws = self._session.ws
        if ws is None:
            return ["Not connected."]
        statistics = asdict(ws.statistics)
        since = statistics["connected_since"]
        statistics["connected_since"] = time.strftime("%X", time.localtime(since)) if since else "-"
        return [f"{name.replace('_', ' '):20} {value}" for name, value in statistics.items()]

    def _save(self, rest: str) -> None:
        *_, count = archive.save(list(self._session.log.rows), _read_path("save", rest))
        self._note(f"Saved {counted(count, 'row', style=',')} in {rest}")

    def _start_replay(self, rest: str) -> None:
        words = shlex.split(rest)
        path = _read_path("replay", words[0] if words else "")
        factor = _parse_speed(words[1]) if len(words) > 1 else 1.0
        rows = [row for part in archive.load(path) for row in part]
        self._replay = Replay(self._session, sent_messages(rows), factor, self._replay_ended)
        if self._replay.done:
            self._replay = None

    def _replay_ended(self, reason: str) -> None:
        if reason:
            self._note(reason)
        self._replay = None
        self._on_idle()


def _read_path(command: str, text: str) -> Path:
    if not text:
        raise ValueError(f"/{command}: the name of a file is missing")
    return Path(text).expanduser()


def _parse_speed(text: str) -> float:
    """Return a speed as `Replay` takes it, where 0 stands for no delays."""
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not speed >= 0:
        raise ValueError(f"/replay: a speed of 0 or more, not {text!r}")
    return speed or math.inf
