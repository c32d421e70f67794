"""The requests that the server refused, and why: a foreign origin or host, a limit, a bad request.

The server tells that to its log only, since there is no connection that could have an event; so it is read
there.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Callable
from typing import NamedTuple

_LOGGER = "tkws.server"
_ORIGIN = re.compile(r"The origin ('.*'|\".*\") may not connect")
_HOST = re.compile(r"The host ('.*'|\".*\") is not served here")


class Refusal(NamedTuple):
    """A visitor who was refused."""

    peer: object
    """The address."""
    status: int | None
    """The status of the answer; None without an answer."""
    why: str

    @property
    def origin(self) -> str:
        """The origin that was refused; empty if that is not the reason."""
        return _quoted(_ORIGIN, self.why)

    @property
    def host(self) -> str:
        """The name, without a port, that is not served here; empty if that is not the reason."""
        return re.sub(r":\d*$", "", _quoted(_HOST, self.why))


class RefusalWatch(logging.Handler):
    """Reads the log of the servers of this process until it is closed.

    Args:
        on_refusal: Called with each refusal.
    """

    def __init__(self, on_refusal: Callable[[Refusal], object]) -> None:
        super().__init__(logging.INFO)
        self._on_refusal = on_refusal
        self._logger = logging.getLogger(_LOGGER)
        self._level = self._logger.level
        self._logger.addHandler(self)
        if self._logger.getEffectiveLevel() > logging.INFO:
            self._logger.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Report a line of the log that tells of a refusal."""
        words, args = str(record.msg), record.args
        if "refused %r" not in words or not isinstance(args, tuple):
            return
        if len(args) == 3 and isinstance(args[1], int):
            self._on_refusal(Refusal(args[0], args[1], str(args[2])))
        else:
            self._on_refusal(Refusal(args[0], None, words.rpartition(": ")[2]))

    def close(self) -> None:
        """Stop reading; a no-op the second time."""
        if self in self._logger.handlers:
            self._logger.removeHandler(self)
            self._logger.setLevel(self._level)
        super().close()


def _quoted(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return str(ast.literal_eval(found[1])) if found else ""
