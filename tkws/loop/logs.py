"""Logging from inside Tk's loop: `Log` notes a line at once, and `LogQueue` calls the handlers later.

A handler of `logging` is the program's own code and may do anything: write into a widget, run Tk's loop,
close the connection that is being logged, raise. So it is not called where a line is noted, in the middle
of a change, but soon, from the loop, or right before a handler of the program's; in order, and never while
another one runs. A record has the time and the place of the call that noted it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tkws.errors import StateError

if TYPE_CHECKING:
    from tkws.loop.base import Loop
    from tkws.loop.interpreter import Interpreter

# Lines that may wait for a logging handler that runs Tk's loop, about 50 MiB. Later ones are dropped.
MAX_WAITING = 50_000


class _Line(NamedTuple):
    logger: logging.Logger
    level: int
    path: str
    line: int
    function: str
    message: str
    args: tuple[object, ...]
    connection_id: str
    created: float

    def handle(self) -> None:
        record = self.logger.makeRecord(
            self.logger.name, self.level, self.path, self.line, self.message, self.args, None, self.function,
            {"connection_id": self.connection_id},
        )  # fmt: skip
        record.relativeCreated += (self.created - record.created) * 1000
        record.created = self.created
        record.msecs = self.created % 1 * 1000
        self.logger.handle(record)


class LogQueue:
    """The lines of one loop that wait for the logging handlers.

    Args:
        loop: Calls the handlers, until `detach`.
        interpreter: Takes their exceptions.

    Attributes:
        waiting: The lines, the oldest first; if there are any, `flush` is due.
        on_level_change: Called if a logger of one of the logs begins or stops to log debug lines.
        max_waiting: The most lines that may wait; further ones are dropped.
    """

    __slots__ = (
        "_debugging", "_dropped", "_handling", "_interpreter", "_loop", "max_waiting", "on_level_change",
        "waiting",
    )  # fmt: skip

    def __init__(self, loop: Loop, interpreter: Interpreter) -> None:
        self.waiting: deque[_Line] = deque()
        self.on_level_change: Callable[[], object] | None = None
        self.max_waiting: int = MAX_WAITING
        self._debugging: dict[logging.Logger, bool] = {}  # whether each logger logs debug lines
        self._loop: Loop | None = loop
        self._interpreter = interpreter
        self._handling = False
        self._dropped = 0

    def get_logger(self, name: str) -> logging.Logger:
        """Return a logger of a log, whose level is watched from now on."""
        logger = logging.getLogger(name)
        self._debugging.setdefault(logger, logger.isEnabledFor(logging.DEBUG))
        return logger

    def check_levels(self) -> None:
        """Notice levels that have changed, by whatever means: `logging` does not tell."""
        changed = False
        for logger, before in list(self._debugging.items()):
            if logger.isEnabledFor(logging.DEBUG) is not before:
                self._debugging[logger] = not before
                changed = True
        if changed and self.on_level_change is not None:
            self.on_level_change()

    def post(self, line: _Line) -> None:
        """Queue a line. From another thread, and once the loop is gone, it is handled at once."""
        if len(self.waiting) >= self.max_waiting:
            self._dropped += 1
            return
        self.waiting.append(line)
        if len(self.waiting) == 1:
            self._schedule()

    def flush(self) -> None:
        """Call the logging handlers for the lines that are waiting now; a no-op while one of them runs."""
        if self._handling:
            return
        self._handling = True
        try:
            for _ in range(len(self.waiting)):  # not for those that the handlers cause
                self._handle(self.waiting.popleft())
        finally:  # also if SystemExit leaves mainloop, which may be called again
            self._handling = False
            if self.waiting:
                self._schedule()

    def detach(self) -> None:
        """Handle each line at once from now on: the loop is closed."""
        self._loop = None

    def _handle(self, line: _Line) -> None:
        dropped, self._dropped = self._dropped, 0
        try:
            line.handle()
            if dropped:
                line.logger.warning("%d lines of the log were dropped while a logging handler ran", dropped)
        except Exception as error:
            try:
                self._interpreter.report_exception()
            except StateError:  # in another thread it goes to the caller, as everywhere in `logging`
                raise error from None

    def _schedule(self) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon(self.flush)
                return
        except StateError:
            pass
        self.flush()


class Log:
    """The log of one connection, server or listener.

    A line is formatted only by the handlers, so arguments must not change.

    Args:
        loop: The loop that serves it.
        name: The name of the logger, such as ``tkws.client``.
        id: The id of the connection, which begins each of its lines and is the attribute ``connection_id`` of
            its records; empty for none.

    Attributes:
        id: As above.
    """

    __slots__ = ("_logger", "_queue", "id")

    def __init__(self, loop: Loop, name: str, id: str = "") -> None:
        self.id: str = id
        self._queue: LogQueue = loop.logs
        self._logger: logging.Logger = loop.logs.get_logger(name)

    @property
    def debugging(self) -> bool:
        """Whether `debug` logs anything."""
        return self._logger.isEnabledFor(logging.DEBUG)

    def debug(self, message: str, *args: object) -> None:
        """Note what helps to understand the course of a connection."""
        if self._logger.isEnabledFor(logging.DEBUG):
            self._post(logging.DEBUG, message, args)

    def info(self, message: str, *args: object) -> None:
        """Note a step of an opening, an end, or a fault of the peer."""
        if self._logger.isEnabledFor(logging.INFO):
            self._post(logging.INFO, message, args)

    def warning(self, message: str, *args: object) -> None:
        """Note a fault of this program or its machine."""
        if self._logger.isEnabledFor(logging.WARNING):
            self._post(logging.WARNING, message, args)

    def _post(self, level: int, message: str, args: tuple[object, ...]) -> None:
        path, line, function, _ = self._logger.findCaller(stacklevel=3)
        if self.id:
            message = f"[{self.id}] {message}"
        self._queue.post(
            _Line(self._logger, level, path, line, function, message, args, self.id, time.time())
        )
