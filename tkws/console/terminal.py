"""The console without a window: lines from standard input are sent, what comes is printed.

Messages go to standard output, everything else to standard error, so that pipes work; `Output` keeps
what a peer says from doing anything to a terminal. From a terminal a line that begins with ``/`` is a
command (`HELP`); from a pipe every line is a message.
"""

from __future__ import annotations

import math
import os
import shlex
import time
import tkinter
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import tkws
from tkws.console import archive
from tkws.console.interrupt import on_interrupt
from tkws.console.lines import Lines
from tkws.console.log import Direction, Log, Row, sent_messages
from tkws.console.output import Output
from tkws.console.payload import read_base64, read_hex
from tkws.console.replay import Replay
from tkws.console.session import Session
from tkws.console.status import Status, status_of
from tkws.console.target import Target
from tkws.loop import loop_for

HELP = """\
/ping [TEXT]          send a ping
/binary HEX           send bytes, written as hex
/base64 TEXT          send bytes, written as base64
/file PATH            send a file as a binary message
/save PATH            save the conversation as JSON Lines
/replay PATH [SPEED]  send again what a saved conversation sent; SPEED 0 for at once
/stats                show what the connection has carried
/close [CODE REASON]  close the connection
/help                 show this
//...                 send a line that begins with /"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a terminal behaves.

    Attributes:
        commands: Whether a line that begins with ``/`` is a command.
        as_json: Whether each event is printed as a line of JSON.
        quiet: Whether nothing is told but messages and errors.
        linger: Seconds to go on listening after the end of the input.
    """

    commands: bool = False
    as_json: bool = False
    quiet: bool = False
    linger: float = 0.0


class Terminal:
    """A session with lines instead of a window.

    Args:
        root: A ``Tcl()``, or any widget.
        manner: How it behaves.
        out: Where messages go.
        err: Where everything else goes.
    """

    def __init__(self, root: tkinter.Tk, manner: Manner, out: TextIO, err: TextIO) -> None:
        self.session = Session(Log(), root, self._told)
        self._root = root
        self._loop = loop_for(root)
        self._manner = manner
        self._out = Output(out)
        self._err = Output(err)
        self._lines: Lines | None = None
        self._waiting: deque[str] = deque()
        self._input_ended = False
        self._status: Status | None = None
        self._flushing = False
        self._replay: Replay | None = None
        self._printed = 0
        self._leaving = False
        self._lines_from = 0

    def run(self, target: Target, fd: int) -> Status:
        """Connect, and talk until it is over.

        Args:
            target: What to connect to.
            fd: The descriptor that lines are read from.
        """
        with on_interrupt(self._loop, self._interrupted):
            self.session.connect(target)
            self._lines_from = fd
            self._root.mainloop(-1)
        self._flush()
        return status_of(self.session) if self._status is None else self._status

    # What comes

    def _told(self, type: str, message: Any) -> None:
        rows = self.session.log.rows
        if self._manner.as_json:
            new = self.session.log.next - self._printed
            self._printed = self.session.log.next
            for row in rows[len(rows) - new :]:
                self._print(partial(self._out.write_json, archive.to_json(row)))
        elif type in ("text", "binary"):
            shown = message if isinstance(message, str) else message.hex()
            self._print(partial(self._out.write, shown, mark="< "))
        elif rows and rows[-1].direction is Direction.NOTE and type not in ("sent", "file", "disconnect"):
            self._say(rows[-1])
        if type == "connect":
            self._connected()
        elif type == "disconnect":
            self._root.quit()
        elif type in ("pong", "file"):
            self._go_on()

    def _connected(self) -> None:
        if self._lines is None:
            self._lines = Lines(self._loop, self._lines_from, self._take, self._no_more)
        self._go_on()

    def _say(self, row: Row) -> None:
        if not self._manner.quiet or row.type in ("error", "timeout"):
            self._tell(str(row.payload))

    def _tell(self, *sentences: str) -> None:
        for sentence in sentences:
            self._err.write(sentence)
        self._err.flush()

    def _print(self, write: Callable[[], object]) -> None:
        try:
            write()
        except BrokenPipeError:
            self._reader_gone()
        if not self._flushing:  # once for all that came in this turn of the loop
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        try:
            self._out.flush()
        except BrokenPipeError:
            self._reader_gone()

    def _reader_gone(self) -> None:
        """Nobody reads the output any more, as behind ``| head``: that is an end like any other."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._out.fileno())  # else the interpreter complains when it flushes at its end
        os.close(nowhere)
        self.session.disconnect()

    def _interrupted(self) -> None:
        if self._status is Status.INTERRUPTED:  # the second time it is meant now
            self._root.quit()
        self._status = Status.INTERRUPTED
        if self.session.state is tkws.State.CLOSED:
            self._root.quit()
        self.session.disconnect(1001)

    # What is typed

    def _take(self, lines: list[str]) -> None:
        self._waiting += lines
        self._go_on()

    def _no_more(self) -> None:
        self._input_ended = True
        self._go_on()

    def _go_on(self) -> None:
        session = self.session
        while self._waiting and session.is_open and not self._is_busy:
            self._do(self._waiting.popleft())
        if self._is_full:
            self._loop.call_later(0.02, self._go_on)
        elif not self._waiting and not self._is_busy:
            if not self._input_ended:
                if self._lines is not None:
                    self._lines.more()
            elif not self._leaving and self._manner.linger < math.inf:
                self._leaving = True
                self._loop.call_later(self._manner.linger, session.disconnect)

    @property
    def _is_full(self) -> bool:
        ws = self.session.ws
        return ws is not None and ws.buffered_amount > ws.cget("high_water")

    @property
    def _is_busy(self) -> bool:
        return self._is_full or self.session.sending is not None or self._replay is not None

    def _do(self, line: str) -> None:
        try:
            if not self._manner.commands or not line.startswith("/"):
                self.session.send(line)
            elif line.startswith("//"):
                self.session.send(line[1:])
            else:
                verb, _, rest = line[1:].partition(" ")
                self._command(verb)(rest.strip())
        except (tkws.WebSocketError, ValueError, OSError) as error:
            self._tell(str(error))

    def _command(self, verb: str) -> Callable[[str], object]:
        commands: dict[str, Callable[[str], object]] = {
            "ping": lambda rest: self.session.ping(rest.encode()),
            "binary": lambda rest: self.session.send(read_hex(rest)),
            "base64": lambda rest: self.session.send(read_base64(rest)),
            "file": lambda rest: self.session.send_file(Path(rest)),
            "save": self._save,
            "replay": self._begin_replay,
            "stats": lambda rest: self._tell(*self._figures()),
            "close": self._close,
            "help": lambda rest: self._tell(*HELP.splitlines()),
        }
        if verb not in commands:
            raise ValueError(f"There is no /{verb}; /help lists what there is, //{verb} sends it")
        return commands[verb]

    def _figures(self) -> list[str]:
        ws = self.session.ws
        if ws is None:
            return ["Not connected."]
        figures = asdict(ws.statistics)
        since = figures["connected_since"]
        figures["connected_since"] = time.strftime("%X", time.localtime(since)) if since else "-"
        return [f"{name.replace('_', ' '):20} {figure}" for name, figure in figures.items()]

    def _close(self, rest: str) -> None:
        code, _, reason = rest.partition(" ")
        if code and not code.isdigit():
            raise ValueError(f"A close code is a number, not {code!r}")
        self.session.disconnect(int(code) if code else 1000, reason)

    def _save(self, rest: str) -> None:
        if not rest:
            raise ValueError("/save wants the name of a file")
        *_, count = archive.save(list(self.session.log.rows), Path(rest))
        self._tell(f"{count} rows saved in {rest}")

    def _begin_replay(self, rest: str) -> None:
        path, *speed = shlex.split(rest) or [""]
        rows = [row for part in archive.load(Path(path)) for row in part]
        factor = float(speed[0]) if speed else 1.0
        self._replay = Replay(self.session, sent_messages(rows), factor or float("inf"), self._replayed)
        if self._replay.over:
            self._replay = None

    def _replayed(self, why: str) -> None:
        if why:
            self._tell(why)
        self._replay = None
        self._loop.call_soon(self._go_on)
