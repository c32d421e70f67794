"""The console without a window: sends lines from standard input, prints received messages.

Messages go to standard output, everything else to standard error, so that pipes work. `Output` protects the
terminal from what a peer sends. From a terminal, a line that begins with ``/`` is a command (`HELP`); from a
pipe, every line is a message.
"""

from __future__ import annotations

import math
import shlex
import time
import tkinter
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

import tkws
from tkws.console import archive
from tkws.console.expectation import Expectation
from tkws.console.interrupt import on_interrupt
from tkws.console.linereader import LineReader
from tkws.console.log import Direction, Log, Row, sent_messages
from tkws.console.output import Output
from tkws.console.payload import json_rpc_request, printed, read_base64, read_hex
from tkws.console.replay import Replay
from tkws.console.session import Session
from tkws.console.status import Status, status_of
from tkws.console.target import Target
from tkws.loop import loop_for

# Seconds that the closing handshake may take after Ctrl-C: a server in full flood may answer much later.
CLOSING_TIME = 2.0

HELP = """\
/ping [TEXT]          send a ping
/binary HEX           send bytes, given as hex
/base64 TEXT          send bytes, given as base64
/file PATH            send a file as a binary message
/save PATH            save the conversation as JSON Lines
/replay PATH [SPEED]  send the messages of a saved conversation again; SPEED 0: no delays
/stats                show the statistics of the connection
/close [CODE REASON]  close the connection
/help                 show this list
//...                 send a line that begins with /"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalOptions:
    """The options of a terminal.

    Attributes:
        commands: Whether lines that begin with ``/`` are commands.
        as_json: Whether to print each event as a line of JSON.
        quiet: Whether to print only messages and errors.
        linger: How long to keep receiving after the end of the input, in seconds.
        json_rpc: Whether lines are requests of JSON-RPC, as `json_rpc_request` reads them.
        expectation: The expected messages; the connection is closed when they have come, or after their time.
    """

    commands: bool = False
    as_json: bool = False
    quiet: bool = False
    linger: float = 0.0
    json_rpc: bool = False
    expectation: Expectation | None = None


class Terminal:
    """A session controlled by lines of text.

    Args:
        root: A ``Tcl()``, or any widget.
        options: The options.
        out: The file for messages.
        err: The file for everything else.
    """

    def __init__(self, root: tkinter.Tk, options: TerminalOptions, out: TextIO, err: TextIO) -> None:
        self.session: Final = Session(Log(), root, self._session_event)
        self._root = root
        self._loop = loop_for(root)
        self._options = options
        self._out = Output(out)
        self._err = Output(err)
        self._fd = 0
        self._reader: LineReader | None = None
        self._pending: deque[str] = deque()  # lines that have been read but not processed
        self._at_eof = False
        self._lingering = False
        self._status: Status | None = None
        self._flush_scheduled = False
        self._replay: Replay | None = None
        self._next_row = 0  # the number of the first row that has not been printed as JSON
        self._request_id = 0  # of the last request of JSON-RPC

    def run(self, target: Target, fd: int) -> Status:
        """Connect, and run until the connection has ended.

        Args:
            target: The target to connect to.
            fd: The descriptor to read lines from.
        """
        with on_interrupt(self._loop, self._interrupted, (self._out, self._err)):
            self.session.connect(target)
            self._fd = fd
            if self._options.expectation is not None and self._options.expectation.within < math.inf:
                self._loop.call_later(self._options.expectation.within, self.session.disconnect)
            self._root.mainloop(-1)
            self._flush()
        return self._end() if self._status is None else self._status

    def _end(self) -> Status:
        """Return the exit status, and print what was expected and did not come."""
        expectation = self._options.expectation
        if expectation is None or not self.session.opened:
            return status_of(self.session)
        if expectation.is_met:
            return Status.CLEAN
        self._print_to_stderr(str(expectation))
        return Status.UNMET

    # Output

    def _session_event(self, type: str, message: Any) -> None:
        rows = self.session.log.rows
        if self._options.as_json:
            new = self.session.log.next - self._next_row
            self._next_row = self.session.log.next
            for row in rows[len(rows) - new :]:
                self._print(partial(self._out.write_json, archive.to_json(row)))
        elif type in ("text", "binary"):
            self._print(partial(self._out.write, printed(message), mark="< "))
        elif rows and rows[-1].direction is Direction.NOTE and type not in ("sent", "file", "disconnect"):
            self._print_note(rows[-1])
        if type in ("text", "binary"):
            self._meet_expectation(message)
        elif type == "connect":
            self._connected()
        elif type == "disconnect":
            self._root.quit()
        elif type in ("pong", "file"):
            self._process_lines()

    def _meet_expectation(self, message: str | bytes) -> None:
        expectation = self._options.expectation
        if expectation is not None and expectation.note(printed(message)):
            self.session.disconnect()

    def _connected(self) -> None:
        if self._reader is None:
            self._reader = LineReader(self._loop, self._fd, self._lines_read, self._eof_reached)
        self._process_lines()

    def _print_note(self, row: Row) -> None:
        if not self._options.quiet or row.type in ("error", "timeout"):
            self._print_to_stderr(str(row.payload))

    def _print_to_stderr(self, *lines: str) -> None:
        for line in lines:
            self._err.write(line)
        self._err.flush()

    def _print(self, write: Callable[[], object]) -> None:
        try:
            write()
        except BrokenPipeError:
            self._output_closed()
        if not self._flush_scheduled:  # one flush for all messages of this turn of the loop
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        try:
            self._out.flush()
        except BrokenPipeError:
            self._output_closed()

    def _output_closed(self) -> None:
        """Disconnect, since the reader of the output has gone, such as ``| head``."""
        self._out.discard()
        self.session.disconnect()

    def _interrupted(self) -> None:
        if self._status is Status.INTERRUPTED:  # at the second Ctrl-C, do not wait for the closing handshake
            self._root.quit()
        else:
            self._loop.call_later(CLOSING_TIME, self._root.quit)
        self._status = Status.INTERRUPTED
        if self.session.state is tkws.State.CLOSED:
            self._root.quit()
        self.session.disconnect(1001)

    # Input

    def _lines_read(self, lines: list[str]) -> None:
        self._pending += lines
        self._process_lines()

    def _eof_reached(self) -> None:
        self._at_eof = True
        self._process_lines()

    def _process_lines(self) -> None:
        """Process lines while that is possible, then request more, or disconnect at the end of the input."""
        session = self.session
        while self._pending and session.is_open and not self._is_busy:
            self._process_line(self._pending.popleft())
        if self._is_buffer_full:
            self._loop.call_later(0.02, self._process_lines)
        elif not self._pending and not self._is_busy:
            if not self._at_eof:
                if self._reader is not None:
                    self._reader.read_more()
            elif not self._lingering and self._linger < math.inf:
                self._lingering = True
                self._loop.call_later(self._linger, session.disconnect)

    @property
    def _linger(self) -> float:
        return math.inf if self._options.expectation is not None else self._options.linger

    @property
    def _is_buffer_full(self) -> bool:
        ws = self.session.ws
        return ws is not None and ws.buffered_amount > ws.cget("high_water")

    @property
    def _is_busy(self) -> bool:
        return self._is_buffer_full or self.session.upload is not None or self._replay is not None

    def _process_line(self, line: str) -> None:
        try:
            if not self._options.commands or not line.startswith("/"):
                self._send(line)
            elif line.startswith("//"):
                self._send(line[1:])
            else:
                verb, _, rest = line[1:].partition(" ")
                self._command(verb)(rest.strip())
        except (tkws.WebSocketError, ValueError, OSError) as error:
            self._print_to_stderr(str(error))

    def _send(self, line: str) -> None:
        if not self._options.json_rpc:
            self.session.send(line)
        elif line.strip():
            self.session.send(json_rpc_request(line, self._request_id + 1))
            self._request_id += 1

    def _command(self, verb: str) -> Callable[[str], object]:
        commands: dict[str, Callable[[str], object]] = {
            "ping": lambda rest: self.session.ping(rest.encode()),
            "binary": lambda rest: self.session.send(read_hex(rest)),
            "base64": lambda rest: self.session.send(read_base64(rest)),
            "file": lambda rest: self.session.send_file(Path(rest)),
            "save": self._save,
            "replay": self._start_replay,
            "stats": lambda rest: self._print_to_stderr(*self._statistics()),
            "close": self._close,
            "help": lambda rest: self._print_to_stderr(*HELP.splitlines()),
        }
        if verb not in commands:
            raise ValueError(f"Unknown command /{verb}; /help lists the commands, //{verb} sends it as text")
        return commands[verb]

    def _statistics(self) -> list[str]:
        ws = self.session.ws
        if ws is None:
            return ["Not connected."]
        statistics = asdict(ws.statistics)
        since = statistics["connected_since"]
        statistics["connected_since"] = time.strftime("%X", time.localtime(since)) if since else "-"
        return [f"{name.replace('_', ' '):20} {value}" for name, value in statistics.items()]

    def _close(self, rest: str) -> None:
        code, _, reason = rest.partition(" ")
        if code and not code.isdigit():
            raise ValueError(f"/close: a close code as a number, not {code!r}")
        self.session.disconnect(int(code) if code else 1000, reason)

    def _save(self, rest: str) -> None:
        if not rest:
            raise ValueError("/save: the name of a file is missing")
        *_, count = archive.save(list(self.session.log.rows), Path(rest))
        self._print_to_stderr(f"Saved {count:,} rows in {rest}")

    def _start_replay(self, rest: str) -> None:
        path, *speed = shlex.split(rest) or [""]
        rows = [row for part in archive.load(Path(path)) for row in part]
        factor = _parse_speed(speed[0]) if speed else 1.0
        self._replay = Replay(self.session, sent_messages(rows), factor, self._replay_ended)
        if self._replay.done:
            self._replay = None

    def _replay_ended(self, reason: str) -> None:
        if reason:
            self._print_to_stderr(reason)
        self._replay = None
        self._loop.call_soon(self._process_lines)


def _parse_speed(text: str) -> float:
    """Return a speed as `Replay` takes it, where 0 stands for no delays."""
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not speed >= 0:
        raise ValueError(f"/replay: a speed of 0 or more, not {text!r}")
    return speed or math.inf
