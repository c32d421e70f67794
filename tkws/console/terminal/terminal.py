"""The console without a window: sends lines from standard input, prints received messages.

Messages go to standard output, everything else to standard error, so that pipes work. `Output` protects the
terminal from what a peer sends. From a terminal, a line that begins with ``/`` is a command; from a pipe,
every line is a message.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import tkws
from tkws.console.client.session import Session
from tkws.console.client.target import Target
from tkws.console.log import archive
from tkws.console.log.events import is_abnormal
from tkws.console.log.log import Direction, Log, Row
from tkws.console.terminal.clientcommands import ClientCommands
from tkws.console.terminal.expectation import Expectation
from tkws.console.terminal.output import Tint
from tkws.console.terminal.status import Status, status_of
from tkws.console.terminal.teletype import RECEIVED, Lines, Teletype
from tkws.console.text.payload import json_rpc_request, printed

# Seconds that the closing handshake may take after Ctrl-C: a server in full flood may answer much later.
CLOSING_TIME = 2.0


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
        tty: The terminal.
        options: The options.
    """

    def __init__(self, tty: Teletype, options: TerminalOptions) -> None:
        self.session: Final = Session(Log(), tty.root, self._session_event)
        self._tty = tty
        self._options = options
        self._commands = ClientCommands(self.session, self._send, tty.note, self._replay_ended)
        self._lines: Lines | None = None
        self._pending: deque[str] = deque()  # lines that have been read but not processed
        self._at_eof = False
        self._lingering = False
        self._status: Status | None = None
        self._flush_scheduled = False
        self._next_row = 0  # the number of the first row that has not been printed as JSON
        self._request_id = 0  # of the last request of JSON-RPC

    def run(self, target: Target) -> Status:
        """Connect, and run until the connection has ended.

        Args:
            target: The target to connect to.
        """
        self.session.connect(target)
        if self._options.expectation is not None and self._options.expectation.within < math.inf:
            self._tty.loop.call_later(self._options.expectation.within, self.session.disconnect)
        self._tty.run(self._interrupted)
        return self._end() if self._status is None else self._status

    def _end(self) -> Status:
        """Return the exit status, and print what was expected and did not come."""
        expectation = self._options.expectation
        if expectation is None or not self.session.opened:
            return status_of(self.session)
        if expectation.is_met:
            return Status.CLEAN
        self._tty.note(str(expectation), tint=Tint.ERROR)
        return Status.UNMET

    # Output

    def _session_event(self, type: str, message: Any) -> None:
        rows = self.session.log.rows
        if self._options.as_json:
            new = self.session.log.next - self._next_row
            self._next_row = self.session.log.next
            for row in rows[len(rows) - new :]:
                self._print(partial(self._tty.out.write_json, archive.to_json(row)))
        elif type in ("text", "binary"):
            self._print(partial(self._tty.show, message, RECEIVED))
        elif rows and rows[-1].direction is Direction.NOTE and type not in ("sent", "file", "disconnect"):
            self._print_note(rows[-1])
        if type in ("text", "binary"):
            self._meet_expectation(message)
        elif type == "connect":
            self._connected()
        elif type == "disconnect":
            self._tty.quit()
        elif type == "pong" and self._tty.is_typed:
            self._commands.pong_received()
        if type in ("pong", "file"):
            self._process_lines()

    def _meet_expectation(self, message: str | bytes) -> None:
        expectation = self._options.expectation
        if expectation is not None and expectation.note(printed(message)):
            self.session.disconnect()

    def _connected(self) -> None:
        if self._lines is None:
            self._lines = self._tty.read(self._lines_read, self._eof_reached, self._complete)
        self._process_lines()

    def _print_note(self, row: Row) -> None:
        if not self._options.quiet or row.type in ("error", "timeout"):
            self._tty.note(str(row.payload), tint=Tint.ERROR if is_abnormal(row) else Tint.NOTE)

    def _print(self, write: Callable[[], object]) -> None:
        try:
            write()
        except BrokenPipeError:
            self._output_closed()
        if not self._flush_scheduled:  # one flush for all messages of this turn of the loop
            self._flush_scheduled = True
            self._tty.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        try:
            self._tty.out.flush()
        except BrokenPipeError:
            self._output_closed()

    def _output_closed(self) -> None:
        """Disconnect, since the reader of the output has gone, such as ``| head``."""
        self._tty.out.discard()
        self.session.disconnect()

    def _interrupted(self) -> None:
        if self._status is Status.INTERRUPTED:  # at the second Ctrl-C, do not wait for the closing handshake
            self._tty.quit()
        else:
            self._tty.loop.call_later(CLOSING_TIME, self._tty.quit)
        self._status = Status.INTERRUPTED
        if self.session.state is tkws.State.CLOSED:
            self._tty.quit()
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
            self._tty.loop.call_later(0.02, self._process_lines)
        elif not self._pending and not self._is_busy:
            if not self._at_eof:
                if self._lines is not None:
                    self._lines.read_more()
            elif not self._lingering and self._linger < math.inf:
                self._lingering = True
                self._tty.loop.call_later(self._linger, session.disconnect)

    @property
    def _linger(self) -> float:
        return math.inf if self._options.expectation is not None else self._options.linger

    @property
    def _is_buffer_full(self) -> bool:
        ws = self.session.ws
        return ws is not None and ws.buffered_amount > ws.cget("high_water")

    @property
    def _is_busy(self) -> bool:
        return self._is_buffer_full or self.session.upload is not None or self._commands.is_busy

    def _process_line(self, line: str) -> None:
        if self._tty.is_typed and not line:
            return
        self._tty.attempt(self._commands.commands.run if self._options.commands else self._send, line)

    def _complete(self, line: str) -> list[str]:
        return self._commands.commands.complete(line) if self._options.commands else []

    def _send(self, line: str) -> None:
        if not self._options.json_rpc:
            self.session.send(line)
        elif line.strip():
            self.session.send(json_rpc_request(line, self._request_id + 1))
            self._request_id += 1

    def _replay_ended(self) -> None:
        self._tty.loop.call_soon(self._process_lines)
