"""A handler of `logging` for tests; the fixture `record_log` attaches one."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

PORT = re.compile(r"(127\.0\.0\.1(?:', |:))\d+")


class LogRecorder(logging.Handler):
    """Keeps the records, and does what a test says for each."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.act: Callable[[logging.LogRecord], object] = lambda record: None

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.act(record)

    @property
    def messages(self) -> list[str]:
        """The lines as they are."""
        return [record.getMessage() for record in self.records]

    def lines(self, name: str = "", level: int = logging.NOTSET) -> list[str]:
        """The lines of a logger and at least of a level, without ids, and with PORT for the ports."""
        return [
            PORT.sub(r"\1PORT", re.sub(r"^\[\w{8}\] ", "", record.getMessage()))
            for record in self.records
            if record.name.startswith(name) and record.levelno >= level
        ]

    def has(self, text: str) -> bool:
        return any(text in line for line in self.lines())
