"""The servers without a window: they print events and messages.

That for testing clients sends lines of standard input to all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

from tkws.console.client.target import Target
from tkws.console.log.events import is_abnormal
from tkws.console.log.log import Direction, Log
from tkws.console.server.between import Between
from tkws.console.server.serversession import Mode, ServerSession
from tkws.console.terminal.output import Tint
from tkws.console.terminal.servercommands import ServerCommands
from tkws.console.terminal.status import Status
from tkws.console.terminal.teletype import RECEIVED, SENT, Teletype

_CLOSING_TIME = 1.0  # seconds for the closing handshakes, after which the program ends


class _Server(Protocol):
    @property
    def names(self) -> Collection[object]: ...

    def close(self) -> None: ...


_AnyServer = TypeVar("_AnyServer", bound=_Server)


class _ServerTerminal:
    """The frame of a server's terminal: prints new rows of its log, and ends it.

    Args:
        tty: The terminal.
        marks: The directions of the messages that are printed, and the mark of each. With several of them,
            the mark belongs to the name, so that a pipe has it too.

    Attributes:
        log: The log for the server.
        on_pong: Called with the name of a connection from which a pong has come.
    """

    def __init__(self, tty: Teletype, marks: Mapping[Direction, str]) -> None:
        self.log = Log(capacity=1000)
        self.on_pong: Callable[[str], object] = lambda _: None
        self._tty = tty
        self._marks = marks
        self._next = 0  # the number of the first row that has not been printed
        self._server: _Server | None = None
        self._is_stopping = False

    def run(self, make: Callable[[], _AnyServer], begin: Callable[[_AnyServer], object]) -> Status:
        """Serve until Ctrl-C.

        Args:
            make: Makes the server.
            begin: Called with it before the loop runs.
        """
        try:
            server = make()
        except OSError as error:
            self._tty.note(str(error.strerror or error), tint=Tint.ERROR)
            return Status.FAILED
        self._server = server
        self.on_event()
        begin(server)
        self._tty.run(self.stop)
        return Status.CLEAN

    def stop(self) -> None:
        """End when all connections have been closed, or soon; at once when called again."""
        assert self._server is not None
        if self._is_stopping or not self._server.names:
            self._tty.quit()
        self._is_stopping = True
        self._server.close()
        self._tty.loop.call_later(_CLOSING_TIME, self._tty.quit)

    def on_event(self, name: str = "", type: str = "", _message: Any = None) -> None:
        """Print the new rows; called after each event."""
        new = self.log.next - self._next
        self._next = self.log.next
        for row in self.log.rows[len(self.log.rows) - new :]:
            if row.direction is Direction.NOTE:
                tint = Tint.ERROR if is_abnormal(row) else Tint.NOTE
                self._tty.note(str(row.payload).partition("\n")[0], name=row.peer, tint=tint)
            elif row.direction in self._marks and row.type in ("text", "binary"):
                mark = self._marks[row.direction]
                self._tty.show(row.payload, mark, name=row.peer, is_piped=len(self._marks) > 1)
        try:
            self._tty.out.flush()
        except BrokenPipeError:  # the reader has gone, such as ``| head``
            self._tty.out.discard()
            self.stop()
        if type == "pong":
            self.on_pong(name)
        elif (
            type == "disconnect" and self._is_stopping and self._server is not None and not self._server.names
        ):
            self._tty.quit()


def run(mode: Mode, settings: dict[str, Any], tty: Teletype, *, commands: bool = False) -> Status:
    """Serve until Ctrl-C, also after the end of the input.

    Args:
        mode: The way to handle messages.
        settings: The arguments of `ServerSession`.
        tty: The terminal.
        commands: Whether lines that begin with ``/`` are commands.
    """
    terminal = _ServerTerminal(tty, {Direction.IN: RECEIVED})

    def read_lines(session: ServerSession) -> None:
        table = ServerCommands(session, tty.note, terminal.stop)
        terminal.on_pong = table.pong_received
        run_line = table.commands.run if commands else session.send

        def process(lines: list[str]) -> None:
            for line in lines:
                if line or not tty.is_typed:
                    tty.attempt(run_line, line)
            reader.read_more()

        reader = tty.read(process, lambda: None, table.commands.complete)

    return terminal.run(
        lambda: ServerSession(terminal.log, mode, tty.root, terminal.on_event, **settings), read_lines
    )


def run_between(target: Target, options: dict[str, Any], tty: Teletype) -> Status:
    """Serve between clients and a target until Ctrl-C, and print what passes.

    After the name of the connection, ``>`` marks a message to the target, and ``<`` one from it.

    Args:
        target: The server behind this one.
        options: The keyword arguments of `Between`.
        tty: The terminal.
    """
    terminal = _ServerTerminal(tty, {Direction.OUT: SENT, Direction.IN: RECEIVED})

    return terminal.run(
        lambda: Between(terminal.log, tty.root, terminal.on_event, target, **options), lambda _: None
    )
